"""What a process leaves in the database: won deals in the sandbox until their projects are open, and a quiet minute."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from throughline.cli.first_deal import DEAL, HOOKED
from throughline.cli.sandbox import Handout, control, estate
from throughline.cli.serve import running
from throughline.demo.layout import lay_out
from throughline.hub.machine import Machine
from throughline.main import machine
from throughline.settings import Settings
from throughline.store import cursors

FIRST, DEALS, AT_ONCE, QUIET_SECONDS = 5, 60, 10, 30.0
LOOK_SECONDS, PATIENCE_SECONDS = 0.2, 600.0

type Figures = dict[str, float]


async def measured(*, database_url: str | None, deals: int = DEALS) -> Figures:
    """Bytes per process, table by table with their indexes, and what is written when nothing happens."""
    data = _folder()
    async with estate(data / "sandbox", seed=42, speed=None) as coming:
        handout = await coming.handout()
        firm = lay_out(data, handout)
        settings = Settings(firm=firm, data=data, database_url=database_url, port=0)
        async with machine(settings) as built, running(built, settings, any_port=True) as served:
            for system in HOOKED:
                await control(handout, system, "hook", {"url": f"{served.address}/hooks/{system}"})
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await _grown(built, handout, deals)


def _folder() -> Path:
    home = Path(tempfile.mkdtemp(prefix="throughline-growth-"))
    home.chmod(0o755)  # started by root, the database runs as somebody else, who must reach it
    (home / "data" / "sandbox").mkdir(parents=True, mode=0o700)
    return home / "data"


async def _grown(built: Machine, handout: Handout, deals: int) -> Figures:
    await _read(built)
    # The first of everything makes pages and indexes that the rest share.
    await _open(built, handout, FIRST, so_far=0)
    before = await _sizes(built)
    await _open(built, handout, deals, so_far=FIRST)
    after = await _sizes(built)
    quiet = await _quiet(built)
    per_deal = {
        name: (size - before.get(name, 0)) / deals for name, size in after.items() if size - before.get(name, 0) > deals
    }
    largest = dict(sorted(per_deal.items(), key=lambda each: -each[1]))
    return {"deals": float(deals), "bytes_per_deal": sum(per_deal.values()), **largest, **quiet}


async def _read(built: Machine) -> None:
    """What the systems held before has been learnt."""
    while True:
        if {"customer", "opportunity"} <= {row["kind"] for row in await cursors.listed(built.pool) if row["cursor"]}:
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _open(built: Machine, handout: Handout, n: int, *, so_far: int) -> None:
    """Win deals, a few at a time, and wait until each has its project."""
    for begun in range(0, n, AT_ONCE):
        some = min(AT_ONCE, n - begun)
        for _ in range(some):
            await control(handout, "salesforce", "deals", DEAL)
        while await built.pool.fetchval("select count(*) from runs where state = 'done'") < so_far + begun + some:
            if held := await built.pool.fetchval("select why from holds where state = 'open' limit 1"):
                raise RuntimeError(f"a deal was held, so it cannot be measured: {held}")
            await asyncio.sleep(LOOK_SECONDS)


async def _sizes(built: Machine) -> Figures:
    """Every table of ours with its indexes and its long values; the months of captures are one."""
    await built.pool.execute("vacuum analyze")
    rows = await built.pool.fetch(
        """select split_part(relname, '_', 1) = 'captures' as captures, relname as name,
                  pg_total_relation_size(oid) as size
           from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
             and relname not like 'pgqueuer%'"""
    )
    found: Figures = {}
    for row in rows:
        name = "captures" if row["captures"] else row["name"]
        found[name] = found.get(name, 0) + row["size"]
    return found


async def _quiet(built: Machine) -> Figures:
    """What polls alone write, per day."""
    polls = """select count(*) as n, coalesce(sum(pg_column_size(captures.*)), 0) as size from captures
               where correlation is null and direction = 'out'"""
    before: Any = await built.pool.fetchrow(polls)
    await asyncio.sleep(QUIET_SECONDS)
    after: Any = await built.pool.fetchrow(polls)
    a_day = 86400 / QUIET_SECONDS
    return {
        "poll_captures_per_day": (after["n"] - before["n"]) * a_day,
        "poll_bytes_per_day": (after["size"] - before["size"]) * a_day,
    }
