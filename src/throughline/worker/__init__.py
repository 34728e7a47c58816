"""The door through which wake-ups come in: lanes and deliveries from the queue, polls and sweeps by the clock."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer import Job, QueueManager

from throughline.hub import parked
from throughline.hub.firms import NothingApplied
from throughline.hub.machine import Machine
from throughline.hub.retention import Retention
from throughline.hub.wakes import DELIVERIES, LANE
from throughline.store import captures, lanes, workers
from throughline.store.database import AWAY

log = structlog.get_logger()

SWEEP_SECONDS, POLL_SECONDS, BEAT_SECONDS, RETENTION_SECONDS = 0.5, 0.5, 3.0, 60.0
OUTBOX_SECONDS, FORGET_SECONDS, AGAIN_SECONDS = 0.3, 60.0, 0.5
ALIVE = timedelta(seconds=12)
# Half a lease: a worker that has missed five beats is dead, or has been paused for too long to send anything.
SILENT = timedelta(seconds=15)
LANES_AT_ONCE = 50
BATCH = 25


@dataclass(slots=True)
class Worker:
    """One worker. As many as you like may share a database."""

    machine: Machine
    name: str
    at_once: int = LANES_AT_ONCE
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Work until `stopping` is set; what has been begun is finished first."""
        with contextlib.suppress(*AWAY):  # before the first lane: one that is not heard of is not waited for
            await self._say_alive()
        outbox = self.machine.outbox(self.name)
        ticks = (
            asyncio.create_task(self._every(SWEEP_SECONDS, self._sweep)),
            asyncio.create_task(self._every(POLL_SECONDS, self.machine.polls().all_due)),
            asyncio.create_task(self._every(BEAT_SECONDS, self._beat)),
            asyncio.create_task(self._every(RETENTION_SECONDS, self._retention().tick)),
            asyncio.create_task(self._every(OUTBOX_SECONDS, outbox.look)),
            asyncio.create_task(self._every(FORGET_SECONDS, outbox.forget)),
            asyncio.create_task(self._every(BEAT_SECONDS, self._parked)),
        )
        try:
            while not self.stopping.is_set():
                try:
                    await self._work_off(self._queue())
                except (*AWAY, asyncpg.PostgresError) as error:
                    # Not the end of a worker: the ticks come through the same trouble, and what was begun is found.
                    log.warning("queue.failed", why=f"{type(error).__name__}: {error}")
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.stopping.wait(), AGAIN_SECONDS)
        finally:
            for task in ticks:
                task.cancel()
            await asyncio.gather(*ticks, return_exceptions=True)
            await outbox.close()
            await self.machine.firms.finish()
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await workers.leave(self.machine.pool, self.name)

    def _queue(self) -> QueueManager:
        queue = QueueManager(self.machine.wakes.queue)
        runner, intake = self.machine.runner(self.name), self.machine.intake()

        @queue.entrypoint(LANE)
        async def lane(job: Job) -> None:
            await runner.work((job.payload or b"").decode())

        @queue.entrypoint(DELIVERIES)
        async def deliveries(job: Job) -> None:
            await intake.work_off((job.payload or b"").decode())

        del lane, deliveries
        return queue

    def _retention(self) -> Retention:
        of = self.machine
        return Retention(of.pool, of.firms, of.archive, self.name, of.clock)

    async def _work_off(self, queue: QueueManager) -> None:
        stop = asyncio.create_task(self._stop(queue))
        try:
            await queue.run(
                dequeue_timeout=timedelta(seconds=1),
                batch_size=min(BATCH, self.at_once // 2),
                max_concurrent_tasks=self.at_once,
                heartbeat_timeout=timedelta(seconds=15),
                log_aggregation_interval=timedelta(0),
            )
        finally:
            stop.cancel()

    async def _stop(self, queue: QueueManager) -> None:
        await self.stopping.wait()
        queue.shutdown.set()

    async def _every(self, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        """A tick that fails is told and tried again: the database may be away for a while, or no firm applied yet."""
        while True:
            try:
                await work()
            except (*AWAY, asyncpg.PostgresError, NothingApplied) as error:
                log.warning("tick.failed", tick=getattr(work, "__name__", ""), why=f"{type(error).__name__}: {error}")
            except Exception:
                # One that ended silently would leave nobody to sweep, poll or beat.
                log.exception("tick.defect", tick=getattr(work, "__name__", ""))
            await asyncio.sleep(seconds)

    async def _sweep(self) -> None:
        """Find what a lost wake-up, a dead worker or a passed retry time left lying."""
        now = self.machine.clock()
        await lanes.expire(self.machine.pool, now=now, silent_since=now - SILENT)
        await self.machine.wakes.now(await lanes.due(self.machine.pool, now=now, limit=500))
        for system in await captures.systems_with_unread(self.machine.pool):
            await self.machine.wakes.deliveries(system)

    async def _parked(self) -> None:
        await parked.look_after(self.machine)

    async def _say_alive(self) -> None:
        now, pool = self.machine.clock(), self.machine.pool
        await workers.beat(pool, self.name, host=socket.gethostname(), pid=os.getpid(), now=now)

    async def _beat(self) -> None:
        now, pool = self.machine.clock(), self.machine.pool
        await self._say_alive()
        await workers.forget(pool, before=now - timedelta(hours=1))
        alive = await workers.alive(pool, since=now - ALIVE)
        for line in (await self.machine.firms.current()).lines.opened():
            line.budget.gate.share(len(alive))
