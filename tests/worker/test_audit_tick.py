"""A worker enters what waits into the audit log by itself."""

import asyncio
import contextlib
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from throughline.core.checkpoints import Signer
from throughline.hub.captures import Captures
from throughline.hub.firms import Firms
from throughline.hub.machine import Machine
from throughline.hub.wakes import Wakes
from throughline.store import leaves
from throughline.store.database import Pool, queue
from throughline.worker import Ticks, Worker

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Nobody:
    """A transport on which nothing can be reached."""

    async def exchange(self, request: Any) -> Any:
        raise ConnectionError(request)


async def test_a_worker_gives_what_waits_its_place(pool: Pool, tmp_path: Path) -> None:
    async with Captures(pool) as captures:
        firms = Firms(pool, tmp_path, {}, {}, Nobody(), captures, lambda: NOON, b"key")
        machine = Machine(
            pool, lambda: NOON, lambda kind: f"{kind}-1", random.Random(1), {}, (), firms, captures,
            Wakes(queue(pool)), signer=Signer(b"\x07" * 32),
        )  # fmt: skip
        await leaves.add(pool, actor="a", action="b", object_="c", content=1, now=NOON)
        worker = Worker(machine, "worker-1", ticks=Ticks(audit_seconds=0.01))
        working = asyncio.create_task(worker.run())
        try:
            async with asyncio.timeout(30):
                while not await pool.fetchval("select count(*) from audit_checkpoints"):
                    await asyncio.sleep(0.01)
        finally:
            worker.stopping.set()
            with contextlib.suppress(asyncio.CancelledError):
                await working

    assert await pool.fetchval("select count(*) from audit_log") == 1
