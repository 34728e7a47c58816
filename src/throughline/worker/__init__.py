"""The door through which wake-ups come in: lanes and deliveries from the queue, polls and sweeps by the clock."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import asyncpg
import structlog
from pgqueuer import Job, QueueManager
from pgqueuer.errors import FailingListenerError

from throughline.hub import cancels, lockouts, parking, replaying, second_tries
from throughline.hub.applied import Lines
from throughline.hub.audit import Sequencer
from throughline.hub.clocks.ticking import Clockwork
from throughline.hub.desk import batching, hands, naming
from throughline.hub.firms import NothingApplied
from throughline.hub.horizon import Horizon
from throughline.hub.machine import Machine
from throughline.hub.reconciliation.ticking import Reconciling
from throughline.hub.retention import Retention
from throughline.hub.wakes import DELIVERIES
from throughline.store import captures, clocks, database, lanes, workers
from throughline.store.database import AWAY
from throughline.worker.queue import FairQueue

log = structlog.get_logger()

SWEEP_SECONDS, ASKED_SECONDS, POLL_SECONDS, BEAT_SECONDS, OUTBOX_SECONDS, TIDY_SECONDS = 0.5, 0.5, 0.5, 3.0, 0.3, 60.0
AUDIT_SECONDS, RECONCILE_SECONDS, CLOCKS_SECONDS = 1.0, 15.0, 2.0
AGAIN_SECONDS, GIVE_UP_SECONDS = 0.5, 20.0
# Half a lease: a worker that has missed five beats is dead, or has been paused for too long to send anything.
SILENT = timedelta(seconds=15)
# One workflow alone gets three quarters of them: see `turns`.
LANES_AT_ONCE = 64
BATCH = 25
# What people asked for and workers carry out, a turn at a time.
ASKED = (
    cancels.all_asked,
    second_tries.all_due,
    replaying.all_running,
    batching.all_running,
    hands.wake_snoozed,
    naming.all_nameless,
)


@dataclass(frozen=True, slots=True)
class Ticks:
    """How often a worker looks around by itself."""

    sweep_seconds: float = SWEEP_SECONDS
    asked_seconds: float = ASKED_SECONDS
    poll_seconds: float = POLL_SECONDS
    beat_seconds: float = BEAT_SECONDS
    outbox_seconds: float = OUTBOX_SECONDS
    tidy_seconds: float = TIDY_SECONDS
    audit_seconds: float = AUDIT_SECONDS
    reconcile_seconds: float = RECONCILE_SECONDS
    clocks_seconds: float = CLOCKS_SECONDS


@dataclass(slots=True)
class Worker:
    """One worker. As many as you like may share a database."""

    machine: Machine
    name: str
    at_once: int = LANES_AT_ONCE
    ticks: Ticks = Ticks()
    manager: Callable[..., QueueManager] = FairQueue
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Work until `stopping` is set; what has been begun is finished first."""
        with contextlib.suppress(*AWAY):  # before the first lane: one that is not heard of is not waited for
            await self._beat()
        outbox, reconciling = self.machine.outbox(self.name), Reconciling(self.machine, self.ticks.reconcile_seconds)
        polls = self.machine.polls()
        clockwork = Clockwork(self.machine, Horizon(self.machine.pool))
        ticks = (
            asyncio.create_task(self._every(self.ticks.sweep_seconds, self._sweep)),
            asyncio.create_task(self._every(self.ticks.poll_seconds, polls.look)),
            asyncio.create_task(self._every(self.ticks.beat_seconds, self._beat)),
            asyncio.create_task(self._every(self.ticks.beat_seconds, partial(lockouts.look_after, self.machine))),
            asyncio.create_task(self._every(self.ticks.outbox_seconds, outbox.look)),
            asyncio.create_task(self._every(self.ticks.tidy_seconds, outbox.forget)),
            asyncio.create_task(self._every(self.ticks.tidy_seconds, self._retention().tick)),
            asyncio.create_task(self._every(self.ticks.reconcile_seconds, reconciling.look)),
            asyncio.create_task(self._every(self.ticks.clocks_seconds, clockwork.tick)),
            *(
                asyncio.create_task(self._every(self.ticks.audit_seconds, sequencer.tick))
                for sequencer in self._sequencers()
            ),
            *(
                asyncio.create_task(self._every(self.ticks.asked_seconds, partial(work, self.machine)))
                for work in ASKED
            ),
        )
        try:
            while not self.stopping.is_set():
                try:
                    await self._work_off(self._queue())
                except (*AWAY, asyncpg.PostgresError, FailingListenerError) as error:
                    # Not the end of a worker: the ticks come through the same trouble, and what was begun is found.
                    log.warning("queue.failed", why=f"{type(error).__name__}: {error}")
                    await self._until_it_answers()
        finally:
            for task in ticks:
                task.cancel()
            await asyncio.gather(*ticks, return_exceptions=True)
            await outbox.close()
            await polls.close()
            await self.machine.firms.finish()
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await workers.leave(self.machine.pool, self.name)

    async def _until_it_answers(self) -> None:
        """A database that stays away for long is somebody else's to start, and so are we."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + GIVE_UP_SECONDS
        while not self.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), AGAIN_SECONDS)
            try:
                await clocks.of_database(self.machine.pool)
            except AWAY:
                if loop.time() > give_up:
                    raise
            else:
                return

    def _queue(self) -> QueueManager:
        """On a driver of its own: one whose listening connection was cut never lets go of it."""
        entrypoints, batch = self.machine.wakes.entrypoints, min(BATCH, self.at_once // 2)
        runner, intake, waiting = self.machine.runner(self.name), self.machine.intake(), self.machine.firms.waiting
        queries = database.queue(self.machine.pool)
        queue = self.manager(queries, entrypoints, slots=self.at_once, batch=batch, waiting=waiting)

        async def lane(job: Job) -> None:
            if self._clock_is_right():
                await runner.work((job.payload or b"").decode())

        for name in entrypoints.keys() - {DELIVERIES}:
            queue.entrypoint(name)(lane)

        @queue.entrypoint(DELIVERIES)
        async def deliveries(job: Job) -> None:
            if self._clock_is_right():
                await intake.work_off((job.payload or b"").decode())

        del deliveries
        return queue

    def _retention(self) -> Retention:
        of = self.machine
        return Retention(of.pool, of.firms, of.archive, self.name, of.clock)

    def _sequencers(self) -> list[Sequencer]:
        """One, where there is a key to sign with."""
        of = self.machine
        return [Sequencer(of.pool, of.signer, of.clock, of.anchor)] if of.signer else []

    async def _work_off(self, queue: QueueManager) -> None:
        stop = asyncio.create_task(self._stop(queue))
        try:
            await queue.run(
                dequeue_timeout=timedelta(seconds=1),
                batch_size=min(BATCH, self.at_once // 2),
                max_concurrent_tasks=self.at_once,
                shutdown_on_listener_failure=True,
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
                await self._once(work)
            except (*AWAY, asyncpg.PostgresError, NothingApplied) as error:
                log.warning("tick.failed", tick=_name(work), why=f"{type(error).__name__}: {error}")
            except Exception:
                # One that ended silently would leave nobody to sweep, poll or beat.
                log.exception("tick.defect", tick=_name(work))
            await asyncio.sleep(seconds)

    async def _once(self, work: Callable[[], Awaitable[object]]) -> None:
        """Only the beat goes on while the clock is wrong: it is what finds out that it is right again."""
        if work == self._beat or self._clock_is_right():
            await work()

    async def _sweep(self) -> None:
        """Find what a lost wake-up, a dead worker or a passed retry time left lying."""
        now = self.machine.clock()
        await lanes.expire(self.machine.pool, now=now, silent_since=now - SILENT)
        await self.machine.wakes.now(await lanes.due(self.machine.pool, now=now, limit=500))
        await self.machine.wakes.now(await parking.let_go(self.machine.pool, await self._lines(), now=now))
        for system in await captures.systems_with_unread(self.machine.pool):
            await self.machine.wakes.deliveries(system)

    async def _lines(self) -> Lines:
        return (await self.machine.firms.current()).lines

    def _clock_is_right(self) -> bool:
        """A worker whose clock is wrong would take lanes that are held, and come too early or not at all."""
        return self.machine.timekeeper is None or self.machine.timekeeper.agrees()

    async def _beat(self) -> None:
        """Say that we are alive; one whose clock is wrong is silent, and the others do its work."""
        if self.machine.timekeeper:
            await self.machine.timekeeper.compare()
        now, pool = self.machine.clock(), self.machine.pool
        if not self._clock_is_right():
            return
        await workers.beat(pool, self.name, host=socket.gethostname(), pid=os.getpid(), now=now)
        await workers.forget(pool, before=now - timedelta(hours=1))


def _name(work: Callable[[], Awaitable[object]]) -> str:
    return getattr(work.func if isinstance(work, partial) else work, "__qualname__", "")
