"""A Salesforce org on the bench."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest_asyncio

SETTINGS = {"consumer_key": "throughline-sandbox-consumer-key", "username": "integration@halyard.example"}


@pytest_asyncio.fixture(loop_scope="module")
async def crm(bench_of: Callable[..., Awaitable[Any]], keys: tuple[str, bytes]) -> Any:
    return await bench_of("salesforce", secrets={"private_key": keys[0]}, settings=SETTINGS, public_key_pem=keys[1])
