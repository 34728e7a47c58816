"""A worker reconciles by itself."""

import asyncio
import contextlib
from typing import Any

from throughline.store import entities
from throughline.store.entities import Change
from throughline.worker import Ticks, Worker


async def test_a_worker_makes_every_comparison_that_is_due(world: Any) -> None:
    contract = {"id": "contract-1", "customer": "customer-1", "name": "Frame", "currency": "EUR"}
    change = Change("contract-1", "contract", 1, contract, {}, "hub")
    await entities.change(world.pool, [change], now=world.clock())
    worker = Worker(world.machine, "worker-1", ticks=Ticks(reconcile_seconds=0.01))
    working = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(30):
            while not await world.pool.fetchval("select count(*) from breaks"):
                world.clock.advance(0.01)
                await asyncio.sleep(0.01)
    finally:
        worker.stopping.set()
        with contextlib.suppress(asyncio.CancelledError):
            await working

    assert await world.pool.fetchval("select key from breaks") == "contract-1"
