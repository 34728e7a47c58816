"""A Workday tenant on the bench."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest_asyncio

SECRETS = {"client_secret": "workday-sandbox-secret", "refresh_token": "workday-sandbox-refresh-token"}
SETTINGS = {"tenant": "halyard_sandbox", "client_id": "workday-sandbox-client"}


@pytest_asyncio.fixture(loop_scope="module")
async def hr(bench_of: Callable[..., Awaitable[Any]]) -> Any:
    hr = await bench_of("workday", secrets=SECRETS, settings=SETTINGS)
    await hr.control("limits", {"per_second": 10_000, "burst": 10_000})
    return hr
