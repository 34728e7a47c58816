"""A Slack workspace on the bench."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest_asyncio


@pytest_asyncio.fixture(loop_scope="module")
async def chat(bench_of: Callable[..., Awaitable[Any]]) -> Any:
    return await bench_of("slack", secrets={"token": "xoxb-sandbox", "hook": "slack-signing-secret"})
