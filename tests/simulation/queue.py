"""The wake-up queue of a life: in memory, and it forgets some, as it may."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.process import Process
from throughline.store.database import AWAY

FORGETS = 0.1
AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class LifeJob:
    """What a worker takes from the queue."""

    entrypoint: str
    payload: bytes


@dataclass
class Waiting:
    """What waits, for all processes. Twice is once."""

    chance: random.Random
    jobs: dict[str, LifeJob] = field(default_factory=dict[str, LifeJob])
    more: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class LifeQueue:
    """The queue as one process sees it."""

    waiting: Waiting
    process: Process

    async def enqueue(self, entrypoint: str | list[str], payload: Any, priority: Any, *, dedupe_key: str | list[str],
                      on_conflict: str = "skip") -> None:  # fmt: skip
        del priority, on_conflict
        await self.process.reach("a wake-up")
        some = [entrypoint] if isinstance(entrypoint, str) else entrypoint
        payloads = [payload] if isinstance(payload, bytes) else payload
        keys = [dedupe_key] if isinstance(dedupe_key, str) else dedupe_key
        for name, what, key in zip(some, payloads, keys, strict=True):
            if self.waiting.chance.random() >= FORGETS:
                self.waiting.jobs.setdefault(key, LifeJob(name, what))
                self.waiting.more.set()

    async def take(self) -> LifeJob:
        while True:
            await self.process.alive()
            for key in self.waiting.jobs:
                return self.waiting.jobs.pop(key)
            self.waiting.more.clear()
            await self.waiting.more.wait()


@dataclass
class Dispatcher:
    """Stands in for the queue's manager in one worker: takes what waits and runs it, some at once."""

    queue: LifeQueue
    failed: Callable[[BaseException], None]
    jobs: dict[str, Callable[[Any], Awaitable[None]]] = field(default_factory=dict[str, Any])
    shutdown: asyncio.Event = field(default_factory=asyncio.Event)

    def entrypoint(self, name: str, **_: Any) -> Callable[[Any], Any]:
        def keep(run: Callable[[Any], Awaitable[None]]) -> Any:
            self.jobs[name] = run
            return run

        return keep

    async def run(self, **_: Any) -> None:
        running: set[asyncio.Task[None]] = set()
        while True:
            if len(running) == AT_ONCE:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            running = {each for each in running if not each.done()}
            running.add(asyncio.create_task(self._one(await self.queue.take())))

    async def _one(self, job: LifeJob) -> None:
        try:
            await self.jobs[job.entrypoint](job)
        except AWAY:
            pass  # the lane is due, or its lease will be over
        except Exception as error:  # noqa: BLE001 - nothing else may come out of a job: it is judged at the end
            self.failed(error)
