"""Second tries: dead letters come back by themselves a few times, for what can pass may have passed."""

from datetime import timedelta

import structlog

from throughline.hub import dead_letters
from throughline.hub.applied import Applied
from throughline.hub.machine import Machine
from throughline.hub.settle import Settler
from throughline.store import captures
from throughline.store import dead_letters as stored
from throughline.store.database import AWAY, Pool, Row, transaction
from throughline.store.entities import Overtaken

log = structlog.get_logger()

AT_ONCE = 100
# Whoever died with one in hand is followed by another worker after this.
LEASE = timedelta(minutes=1)


async def all_due(machine: Machine) -> int:
    """Try whatever is due once more; returns how many."""
    now = machine.clock()
    async with transaction(machine.pool) as sql:
        rows = await stored.due(sql, now=now, limit=AT_ONCE)
        for row in rows:
            await stored.try_again(sql, row["id"], at=now + LEASE)
    applied = await machine.firms.current() if rows else None
    for row in rows:
        if applied and row["source"] == "record":
            await machine.wakes.now(await record(machine, machine.pool, applied, row))
        else:
            await captures.again(machine.pool, row["capture"])
    for system in sorted({row["system"] for row in rows if row["source"] == "delivery"}):
        await machine.wakes.deliveries(system)
    return len(rows)


async def record(machine: Machine, pool: Pool, applied: Applied, row: Row) -> list[str]:
    """Take in a record that failed; the lanes this concerns. If it fails again, its letter says so."""
    said, now = row["input"], machine.clock()
    mapping = applied.mapping(row["system"], row["kind"])
    if mapping is None:
        return []
    try:
        async with transaction(pool) as sql:
            settler = Settler(applied, machine.workflows, machine.ids)
            settled = await settler.records(sql, row["system"], mapping, [said["record"]], now=now, quiet=said["quiet"])
            await stored.close(sql, [row["id"]], how="went through", now=now)
    except (Overtaken, *AWAY):
        raise
    except Exception as error:
        log.exception("record.defect", system=row["system"], kind=row["kind"])
        where = (row["system"], row["kind"], row["key"])
        async with transaction(pool) as sql:
            await dead_letters.record(sql, where, said["record"], error, quiet=said["quiet"], now=now)
        return []
    return settled.woken
