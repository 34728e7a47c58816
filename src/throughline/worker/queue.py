"""The queue of wake-ups as a worker takes from it: what pgqueuer does, with a turn for every workflow."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, override

from pgqueuer import Job, Queries, QueueManager
from pgqueuer.ports.repository import EntrypointExecutionParameter

from throughline.core.priority import Priority
from throughline.worker.turns import Turns

# When every slot that may be had is taken, the next one that gets free is waited for; now and then all are looked at.
LOOK_AGAIN_SECONDS = 0.1
UNLIMITED = EntrypointExecutionParameter(concurrency_limit=0)


class FairQueue(QueueManager):
    """One statement brings jobs of those whose turn it is, the most urgent first and then the oldest.

    `waiting` names those of the payloads that only wait for somebody else: they hold no slot meanwhile.
    """

    def __init__(self, queries: Queries, priorities: Mapping[str, Priority], *, slots: int, batch: int,
                 waiting: Callable[[], Collection[str]] = tuple) -> None:  # fmt: skip
        super().__init__(queries)
        self.turns, self._waiting = Turns(priorities, slots, batch), waiting
        self._running: dict[Any, tuple[str, str]] = {}
        self._freed = asyncio.Event()

    @override
    async def fetch_jobs(
        self, batch_size: int, global_concurrency_limit: int | None, heartbeat_timeout: timedelta
    ) -> AsyncGenerator[Job, None]:
        while not self.shutdown.is_set():
            asked = False
            for names, n in self.turns.choices(self._held()):
                asked = True
                if jobs := await self._some(names, min(n, batch_size), heartbeat_timeout):
                    break
            else:
                if asked:
                    return
                await self._until_freed()
                continue
            for job in jobs:
                yield job

    @override
    def forget_job(self, job_id: Any, context: Any, task: asyncio.Task[None]) -> None:
        super().forget_job(job_id, context, task)
        self._running.pop(job_id, None)
        self._freed.set()

    def _held(self) -> Counter[str]:
        waiting = self._waiting()
        return Counter(name for name, said in self._running.values() if said not in waiting)

    async def _some(self, names: list[str], n: int, silent: timedelta) -> list[Job]:
        jobs = await self.queries.dequeue(
            batch_size=n,
            entrypoints=dict.fromkeys(names, UNLIMITED),  # pyright: ignore[reportArgumentType] - their NewType of str
            queue_manager_id=self.queue_manager_id,
            global_concurrency_limit=None,  # counted here: jobs that are picked are not all in a slot
            heartbeat_timeout=silent,
        )
        self._running.update({job.id: (job.entrypoint, (job.payload or b"").decode()) for job in jobs})
        self.turns.took(names, Counter(job.entrypoint for job in jobs), asked=n)
        return jobs

    async def _until_freed(self) -> None:
        self._freed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._freed.wait(), LOOK_AGAIN_SECONDS)
