"""A NetSuite account on the bench. Its time zone is nowhere near UTC, so that a wrong reading of time shows."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest_asyncio

SECRETS = {"hook": "netsuite-webhook-secret"}
SETTINGS = {"client_id": "throughline-sandbox-client", "certificate_id": "throughline-sandbox-cert"}


@pytest_asyncio.fixture(loop_scope="module")
async def erp(bench_of: Callable[..., Awaitable[Any]], keys: tuple[str, bytes]) -> Any:
    secrets = {**SECRETS, "private_key": keys[0]}
    return await bench_of(
        "netsuite", secrets=secrets, settings=SETTINGS, public_key_pem=keys[1], time_zone="America/Los_Angeles"
    )
