"""Making a comparison: both sides laid beside each other, what differs named, and the breaks kept as they now stand."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog

from throughline.core.money import plain
from throughline.core.reconciliation.breaks import Comparison, Entry
from throughline.core.reconciliation.definitions import COMPARISONS
from throughline.core.reconciliation.entries import written
from throughline.core.reconciliation.sides import Side
from throughline.hub.machine import Machine
from throughline.hub.reconciliation import keeping
from throughline.hub.reconciliation.keeping import Kept
from throughline.hub.reconciliation.naming import named
from throughline.hub.reconciliation.reading import NotYet, Reading
from throughline.store import reconciliations, sides
from throughline.store.database import AWAY, Pool, Row
from throughline.store.sides import LEFT, RIGHT, Moment

log = structlog.get_logger()

EVERY = timedelta(minutes=5)
# However much there is to read, reconciling takes no more than a twentieth of the time.
SHARE = 20
LEASE = timedelta(minutes=15)
# Where more than that does not agree, the rest waits until some of it is mended.
MOST = 5_000
BATCH = 200


@dataclass(slots=True)
class Tally:
    """How much there is on a side: how many, and what they come to in each currency."""

    count: int = 0
    amounts: dict[str, Decimal] = field(default_factory=lambda: defaultdict[str, Decimal](Decimal))

    def add(self, entry: Entry, amount: int | None, currency: int | None) -> None:
        self.count += 1
        if amount is not None and currency is not None:
            value, code = entry[1][amount], entry[1][currency]
            if isinstance(value, Decimal) and isinstance(code, str):
                self.amounts[code] += value

    def said(self) -> dict[str, Any]:
        return {"count": self.count, "amounts": {code: plain(self.amounts[code]) for code in sorted(self.amounts)}}


@dataclass(frozen=True, slots=True)
class Made:
    """What came of one comparison; `why` when it could not be made, or not all of it."""

    comparison: str
    left: int = 0
    right: int = 0
    opened: int = 0
    closed: int = 0
    unreconciled: int = 0
    watched: int = 0
    why: str | None = None


async def all_due(machine: Machine) -> list[Made]:
    """Every comparison whose time has come. Where no firm is applied yet, there is nothing to compare."""
    await machine.firms.current()
    return [made for each in COMPARISONS if (made := await make(machine, each)) is not None]


async def make(machine: Machine, comparison: Comparison, *, early: bool = False) -> Made | None:
    """Make it, if it is due or wanted `early` and nobody else is at it."""
    now = machine.clock()
    claimed = await reconciliations.claim(machine.pool, comparison.name, now=now, lease=LEASE, early=early)
    if claimed is None:
        return None
    held: datetime = claimed["lease_until"]
    try:
        return await _made(machine, comparison, now, held=held, first=claimed["first_at"] is None)
    except NotYet as error:
        why = str(error)
    except AWAY:
        raise
    except Exception as error:
        # A fault of ours in one comparison: the others are made.
        log.exception("reconciliation.defect", comparison=comparison.name)
        why = f"{type(error).__name__}: {error}"
    await reconciliations.leave(machine.pool, comparison.name, held=held, due=now + EVERY, why=why)
    return Made(comparison.name, why=why)


async def _made(machine: Machine, whole: Comparison, now: datetime, *, held: datetime, first: bool) -> Made:
    applied = await machine.firms.current()
    reading = Reading(applied, whole, now)
    comparison = await reading.comparable(machine.pool)
    left, right, rows = await _differing(machine.pool, reading, comparison)
    upto = rows[-1]["key"] if len(rows) >= MOST else None
    why = f"more than {MOST:,} do not agree: these are the first of them" if upto else None
    found = Kept(named(comparison, rows), now=now, first=first, upto=upto)
    kept = await keeping.keep(machine.pool, applied.firm, comparison, found)
    took = machine.clock() - now
    due = machine.clock() + max(EVERY, took * SHARE)
    await reconciliations.finish(
        machine.pool, comparison.name, held=held, now=machine.clock(), due=due, said=(left.said(), right.said()),
        why=why,
    )  # fmt: skip
    return Made(comparison.name, left.count, right.count, *kept, why=why)


async def _differing(pool: Pool, reading: Reading, comparison: Comparison) -> tuple[Tally, Tally, list[Row]]:
    async with sides.laid_out(pool) as moment:
        left = await _lay(moment, reading, comparison, comparison.left, LEFT)
        right = await _lay(moment, reading, comparison, comparison.right, RIGHT)
        return left, right, await sides.differing(moment, limit=MOST)


async def _lay(moment: Moment, reading: Reading, comparison: Comparison, side: Side, place: int) -> Tally:
    tally, batch = Tally(), list[tuple[str, str]]()
    amount, currency = comparison.place(comparison.money), comparison.place(comparison.currency)
    async for entry in reading.entries(moment, side, comparison):
        tally.add(entry, amount, currency)
        batch.append((entry[0], written(entry[1])))
        if len(batch) >= BATCH:
            await sides.lay(moment, place, batch)
            batch.clear()
            await asyncio.sleep(0)  # whatever else this worker does goes on meanwhile
    await sides.lay(moment, place, batch)
    return tally
