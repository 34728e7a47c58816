"""A worker through a quiet time, a burst of a hundred times as much, and a quiet time again; with its memory."""

import asyncio
import resource
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.engine import settings_for
from bench.figures import Figures
from bench.firm import EFFECTS, STUB, five_effects
from throughline.core.events import OpportunityWon
from throughline.hub.machine import Machine
from throughline.hub.settle import Settled, Settler
from throughline.main import machine
from throughline.store import entities, lanes
from throughline.store.database import transaction
from throughline.store.entities import Change
from throughline.worker import Worker

# A firm of a thousand consultants wins, plans and bills a few hundred things a day: four a second is its busiest hour.
NORMAL_PER_SECOND, TIMES = 4, 100
EVERY_SECONDS = 0.25
LOOK_SECONDS = 5.0


async def measured(url: str, *, minutes: float, database_url: str | None) -> Figures:
    """A sixth of the time normal, four sixths of it a hundred times normal, the rest normal; then until all is done."""
    settings = settings_for(url, database_url=database_url)
    async with machine(settings, connectors={"stub": STUB}, workflows=(five_effects,)) as built:
        await built.firms.apply(by="bench")
        worker, memory = Worker(built, "soak"), list[tuple[float, float]]()
        tasks = asyncio.create_task(worker.run()), asyncio.create_task(_watch(memory))
        fed = 0
        for share, per_second in ((1, NORMAL_PER_SECOND), (4, NORMAL_PER_SECOND * TIMES), (1, NORMAL_PER_SECOND)):
            fed = await _feed(built, fed, seconds=minutes * 60 * share / 6, per_second=per_second)
        began = time.perf_counter()
        await _all_done(built, fed)
        drained = time.perf_counter() - began
        worker.stopping.set()
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return {"runs": fed, "drained_seconds": drained, **await _outcome(built, fed), **_slope(memory)}


async def _feed(built: Machine, fed: int, *, seconds: float, per_second: float) -> int:
    settler = Settler(await built.firms.current(), (five_effects,), built.ids)
    began, first = time.perf_counter(), fed
    while (passed := time.perf_counter() - began) < seconds:
        due = first + int(passed * per_second)
        if fed < due:
            await _start(built, settler, range(fed, due))
            fed = due
        await asyncio.sleep(EVERY_SECONDS)
    return fed


async def _start(built: Machine, settler: Settler, numbers: range) -> None:
    now, settled = datetime.now(UTC), Settled()
    async with transaction(built.pool) as sql:
        for key in (f"soak-{n}" for n in numbers):
            fields = {"id": key, "name": f"Customer {key}"}
            await entities.change(sql, [Change(key, "customer", 1, fields, fields, "alpha")], now=now)
            await settler.publish(sql, OpportunityWon(opportunity=key), settled, about=key, now=now)
        await lanes.wake(sql, settled.woken, at=now)
    await built.wakes.now(settled.woken)


async def _all_done(built: Machine, fed: int) -> None:
    done = 0
    while done < fed:
        await asyncio.sleep(EVERY_SECONDS)
        done = await built.pool.fetchval("select count(*) from runs where state = 'done'")


async def _outcome(built: Machine, fed: int) -> Figures:
    row = await built.pool.fetchrow(
        """select count(*) as effects, (select percentile_cont(0.99) within group (
             order by extract(epoch from finished_at - created_at)) from runs) as wait from effects"""
    )
    return {"lost": fed * EFFECTS - row["effects"], "p99_seconds": float(row["wait"])}


async def _watch(memory: list[tuple[float, float]]) -> None:
    """Resident megabytes, every few seconds."""
    began = time.perf_counter()
    while True:
        memory.append((time.perf_counter() - began, _resident_mb()))
        await asyncio.sleep(LOOK_SECONDS)


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def _slope(memory: list[tuple[float, float]]) -> Figures:
    """Over the second half: until then caches and pools fill."""
    later = memory[len(memory) // 2 :]
    slope = statistics.linear_regression(*zip(*later, strict=True)).slope if len(later) > 1 else 0.0
    return {"peak_mb": max(mb for _, mb in memory), "slope_mb_per_hour": slope * 3600}
