"""A Kantata account on the bench. It insists on `subject_type`, as some accounts do."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest_asyncio


@pytest_asyncio.fixture(loop_scope="module")
async def psa(bench_of: Callable[..., Awaitable[Any]]) -> Any:
    psa = await bench_of(
        "kantata", secrets={"token": "kantata-sandbox-token"}, settings={"service_name": "throughline"}
    )
    await psa.control("settings", {"references_need_subject_type": True})
    return psa
