"""Our engine and the hand-written minimum, on the same stub and the same work, in turns."""

import json
import os
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from pgqueuer import Job
from pgqueuer.types import QueueExecutionMode

from bench import beside
from bench.figures import AT_ONCE, ROUNDS, RUNS, Figures, median
from bench.firm import BLOCKED, EFFECTS, SECRET, STUB, TOKEN, five_effects, lay_out
from throughline.core.events import OpportunityWon
from throughline.hub.machine import Machine
from throughline.hub.settle import Settled, Settler
from throughline.main import database, machine
from throughline.settings import Settings
from throughline.store import entities, lanes
from throughline.store.database import transaction
from throughline.store.entities import Change
from throughline.worker.queue import FairQueue

BATCH = 25
TABLE = "create table if not exists by_hand (key text primary key, event jsonb not null, state text not null)"


async def measured(url: str, *, database_url: str | None) -> dict[str, Figures]:
    """Median of some rounds, taken in turns so that a noisy neighbour hits all."""
    settings = settings_for(url, database_url=database_url)
    async with (
        database(settings) as ours,
        machine(
            settings.model_copy(update={"database_url": ours}), connectors={"stub": STUB}, workflows=(five_effects,)
        ) as built,
    ):
        await built.firms.apply(by="bench")
        if built.timekeeper:
            await built.timekeeper.compare()  # as a worker does before its first lane
        await built.pool.execute(TABLE)
        rounds: dict[str, list[Figures]] = {"engine": [], "by_hand": [], "one_blocked": []}
        for number in range(ROUNDS + 1):
            engine, by_hand = await _engine(built, f"plain-{number}"), await _by_hand(built, url, number)
            one_blocked = await _engine(built, f"beside-{number}", blocked=f"customer-{number}-{BLOCKED}")
            if number:  # the first round warms up
                rounds["engine"].append(engine)
                rounds["by_hand"].append(by_hand)
                rounds["one_blocked"].append(one_blocked)
        peers = await beside.measured(url, ours) if beside.installed() else {}
    return {name: median(found) for name, found in rounds.items()} | peers


def settings_for(url: str, *, database_url: str | None) -> Settings:
    """A firm and a database of one's own, in a new folder."""
    os.environ.update(BENCH_TOKEN=TOKEN, BENCH_HOOK=SECRET)
    home = Path(tempfile.mkdtemp(prefix="throughline-bench-"))
    home.chmod(0o755)  # started by root, the database runs as somebody else, who must reach it
    return Settings(firm=lay_out(home / "firm", url), data=home / "data", database_url=database_url)


async def _engine(built: Machine, name: str, *, blocked: str | None = None) -> Figures:
    """Runs that are due, each of them one event; then the worker's own queue works them off.

    One more may be blocked, in a system that lets it wait long: what counts is when all the others are done.
    """
    now = datetime.now(UTC)
    keys = [f"customer-{name}-{n}" for n in range(RUNS)]
    settler = Settler(await built.firms.current(), (five_effects,), built.ids)
    settled = Settled()
    async with transaction(built.pool) as sql:
        for key in (*([blocked] if blocked else ()), *keys):
            fields = {"id": key, "name": f"Customer {key}"}
            await entities.change(sql, [Change(key, "customer", 1, fields, fields, "alpha")], now=now)
            await settler.publish(sql, OpportunityWon(opportunity=key), settled, about=key, now=now)
        await lanes.wake(sql, settled.woken, at=now - timedelta(seconds=1))
    runner = built.runner("bench")
    await built.wakes.now(settled.woken)

    async def work(lane: str) -> None:
        await runner.work(lane)

    figures = await _drained(built, work, but=f"five-effects:{blocked}")
    done = await built.pool.fetchval(
        "select count(*) from effects where run = any(select id from runs where subject = any($1))", keys
    )
    assert done == RUNS * EFFECTS, f"{done} effects instead of {RUNS * EFFECTS}"
    return figures


async def _by_hand(built: Machine, url: str, number: int) -> Figures:
    """What one would write without an engine: a row per process, and a commit after each call."""
    keys = [f"hand-{number}-{n}" for n in range(RUNS)]
    await built.pool.executemany(
        "insert into by_hand values ($1, $2, 'due')", [(key, {"id": key, "name": f"Customer {key}"}) for key in keys]
    )
    await built.wakes.now(keys)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as http:

        async def work(key: str) -> None:
            row = await built.pool.fetchrow("select event from by_hand where key = $1", key)
            for step in range(EFFECTS):
                body = {"channel": "#bench", "text": f"{row['event']['name']} {step}", "about": key}
                async with http.post(
                    f"{url}/x", data=json.dumps(body), headers={"Content-Type": "application/json"}
                ) as answer:
                    await answer.json()
                await built.pool.execute("update by_hand set state = $2 where key = $1", key, f"done {step}")

        return await _drained(built, work)


async def _drained(built: Machine, work: Callable[[str], Awaitable[None]], *, but: str = "") -> Figures:
    # The worker's own: of these slots one workflow alone gets three quarters.
    wakes, slots = built.wakes, AT_ONCE * 4 // 3
    queue, ended = FairQueue(wakes.queue, wakes.entrypoints, slots=slots, batch=BATCH), 0.0

    async def lane(job: Job) -> None:
        nonlocal ended
        key = (job.payload or b"").decode()
        await work(key)
        if key != but:
            ended = time.perf_counter()

    for name in wakes.entrypoints:
        queue.entrypoint(name)(lane)
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    await queue.run(
        batch_size=BATCH,
        max_concurrent_tasks=slots,
        mode=QueueExecutionMode.drain,
        log_aggregation_interval=timedelta(0),
    )
    took, after = ended - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"per_second": RUNS / took, "cpu_ms_per_run": cpu * 1000 / RUNS}
