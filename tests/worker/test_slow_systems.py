"""A slow system that is well is used as its limits allow, and costs other systems' lanes nothing. In virtual time."""

import asyncio
from collections import deque
from collections.abc import Collection
from datetime import timedelta
from itertools import count, islice
from statistics import mean
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.hub.wire.simulated import Memory, Vendor, now, run
from throughline.core.errors import Retry
from throughline.core.firm import Limits
from throughline.core.priority import Priority
from throughline.hub.wire.gate import Gate
from throughline.worker import BATCH, LANES_AT_ONCE, SWEEP_SECONDS
from throughline.worker.queue import FairQueue

SLOW = ("reads", "writes", "closes")
SECONDS, SETTLED = 60, 500


class Backlog:
    """As much of the queue's queries as a worker needs: whoever is asked for, the oldest first."""

    def __init__(self) -> None:
        self.lanes, self._ids = dict[str, deque[str]](), count(1)

    def put(self, lane: str) -> None:
        self.lanes.setdefault(lane.partition(":")[0], deque()).append(lane)

    async def dequeue(self, *, batch_size: int, entrypoints: Collection[str], **_more: Any) -> list[Any]:
        await asyncio.sleep(0.002)
        names = [name for name in entrypoints if self.lanes.get(name)]
        waiting = [(name, lane) for name in names for lane in islice(self.lanes[name], batch_size)][:batch_size]
        for name, _ in waiting:
            self.lanes[name].popleft()
        return [SimpleNamespace(id=next(self._ids), entrypoint=n, payload=x.encode()) for n, x in waiting]


class Shop:
    """One worker with its slots, a gate to each system, and lanes that make one call each."""

    def __init__(self, vendors: dict[str, Vendor], limits: dict[str, Limits], systems: dict[str, str]) -> None:
        self.vendors, self.systems, self.backlog = vendors, systems, Backlog()
        self.gates = {name: Gate(name, limits[name], Memory(), now, worker="w-1") for name in vendors}
        self.parked = {name: deque[str]() for name in vendors}
        self.delays, self.came = list[float](), dict[str, float]()
        self.passes = set[asyncio.Task[None]]()
        priorities = dict.fromkeys(systems, Priority.NORMAL)
        self.queue = FairQueue(
            cast(Any, self.backlog), priorities, slots=LANES_AT_ONCE, batch=BATCH, waiting=self.waiting
        )

    def waiting(self) -> Collection[str]:
        return {lane for gate in self.gates.values() for lane in gate.waiting(now())}

    def come(self, lane: str) -> None:
        self.came[lane] = asyncio.get_running_loop().time()
        self.backlog.put(lane)

    async def serve(self) -> None:
        while True:
            async for job in self.queue.fetch_jobs(BATCH, None, timedelta(seconds=15)):
                context: Any = object()
                self.queue.job_context[job.id] = context
                task = asyncio.create_task(self._pass((job.payload or b"").decode()))
                self.passes.add(task)
                task.add_done_callback(self.passes.discard)
                task.add_done_callback(
                    lambda done, job=job, context=context: self.queue.forget_job(job.id, context, done)
                )
            await asyncio.sleep(0.01)

    async def sweep(self) -> None:
        while True:
            for name, parked in self.parked.items():
                for _ in range(min(self.gates[name].room(now()), len(parked))):
                    self.backlog.put(parked.popleft())
            await asyncio.sleep(SWEEP_SECONDS)

    async def _pass(self, lane: str) -> None:
        system = self.systems[lane.partition(":")[0]]
        gate = self.gates[system]
        try:
            number = await gate.enter(Priority.NORMAL, lane)
        except Retry:
            self.parked[system].append(lane)
            return
        try:
            await self.vendors[system].call()
        finally:
            gate.leave(number)
        if system == "quick":
            self.delays.append(asyncio.get_running_loop().time() - self.came[lane])


async def worked(slow: Limits | None = None) -> Shop:
    """A minute in which a quick system's lanes come one after the other, and a slow one's all at once."""
    shop = Shop(
        {"slow": Vendor(takes=5.0), "quick": Vendor(takes=0.05)},
        {"slow": slow or Limits(), "quick": Limits(concurrency=20)},
        {**dict.fromkeys(SLOW, "slow"), "tells": "quick"},
    )
    for lane in [f"{name}:{n}" for n in range(2_000) for name in SLOW if slow]:
        shop.come(lane)
    serving = [asyncio.create_task(each) for each in (shop.serve(), shop.sweep())]
    for n in range(100 * SECONDS):
        shop.come(f"tells:{n}")
        await asyncio.sleep(0.01)
    await asyncio.sleep(1)
    for each in (ending := [*serving, *shop.passes]):
        each.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
    for gate in shop.gates.values():
        await gate.close()
    return shop


@pytest.mark.parametrize("said", [{"concurrency": 200}, {"per_second": 40, "burst": 40}], ids=str)
def test_a_slow_system_is_used_as_it_allows_and_costs_the_others_nothing(said: dict[str, Any]) -> None:
    alone, beside = run(worked()), run(worked(Limits.model_validate(said)))

    assert len(beside.delays) == len(alone.delays) == 100 * SECONDS
    # Until it is known to be slow, its lanes take slots like any others.
    assert max(beside.delays) <= 1.0
    assert mean(beside.delays[SETTLED:]) <= 1.05 * mean(alone.delays[SETTLED:])
    served = [at for at in beside.vendors["slow"].arrived if 20 <= at < SECONDS]
    assert len(served) >= 0.9 * 200 / 5.0 * (SECONDS - 20)
