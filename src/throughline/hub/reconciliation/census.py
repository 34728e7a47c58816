"""The census: every system is asked how many records it has of each kind and month, and we count what we hold."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from throughline.core.connector import Census
from throughline.core.errors import Hold, Retry
from throughline.core.forms import Amount
from throughline.core.mapping import Mapping
from throughline.core.reconciliation.census import Period, finding, periods
from throughline.core.reconciliation.definitions import UNDER_WAY
from throughline.hub.applied import Applied
from throughline.hub.control import Waiting
from throughline.hub.machine import Machine
from throughline.hub.polls import OVERLAP
from throughline.hub.reconciliation.making import LEASE
from throughline.hub.wire import Context
from throughline.store import censuses, cursors, reconciliations
from throughline.store.censuses import Taken
from throughline.store.database import Row

log = structlog.get_logger()

NAME = "completeness"
EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Countable:
    """A kind of one system that it can count itself, and up to when we have read it."""

    system: str
    mapping: Mapping
    read_until: datetime


async def all_due(machine: Machine, *, early: bool = False) -> bool:
    """Take the census when it is due, or wanted `early`; whether it was taken."""
    applied, now = await machine.firms.current(), machine.clock()
    row = await reconciliations.claim(machine.pool, NAME, now=now, lease=LEASE, early=early)
    if row is None:
        return False
    failed: list[str] = []
    try:
        for each in _countable(applied, await cursors.listed(machine.pool)):
            try:
                await _one(machine, applied, each, now=now)
            except (Retry, Hold, Waiting) as error:
                # What cannot be asked now is asked next time; the others are.
                failed.append(f"{each.system} {each.mapping.kind}: {error.why}")
    finally:
        due = now + (UNDER_WAY if failed else EVERY)
        await reconciliations.finish(
            machine.pool, NAME, held=row["lease_until"], now=now, due=due, said=({}, {}),
            why="; ".join(failed) or None,
        )  # fmt: skip
    return True


def lasts(row: Row, now: datetime) -> bool:
    """Whether a census has differed for so long that nothing can be under way any more."""
    return row["differs_since"] is not None and now - row["differs_since"] >= UNDER_WAY


def _countable(applied: Applied, read: list[Row]) -> list[Countable]:
    """Kinds whose last poll went through. What a poll would read again anyway is not counted yet."""
    found: list[Countable] = []
    for row in read:
        if row["system"] not in applied.lines or row["cursor"] is None or row["why"] or row["polled_at"] is None:
            continue
        mapping = applied.mapping(row["system"], row["kind"])
        if mapping and mapping.changed and applied.connector(row["system"]).count:
            found.append(Countable(row["system"], mapping, row["polled_at"] - OVERLAP))
    return found


async def _one(machine: Machine, applied: Applied, each: Countable, *, now: datetime) -> None:
    count = applied.connector(each.system).count
    if count is None:
        return
    http = applied.lines[each.system].http(Context())
    for period in periods(each.read_until):
        said = await count(http, each.mapping, period.since, period.until)
        if said is not None:
            await censuses.keep(machine.pool, await _taken(machine, each, period, said), now=now)


async def _taken(machine: Machine, each: Countable, period: Period, said: Census) -> Taken:
    mapping, control = each.mapping, _control(each.mapping)
    held, totals = await censuses.held(
        machine.pool, each.system, mapping.kind, changed=mapping.changed or "", since=period.since, until=period.until,
        control=control,
    )  # fmt: skip
    found = finding(said=said.count, held=held, said_totals=said.totals if control else None, held_totals=totals)
    return Taken(
        each.system, mapping.kind, period.name, period.since, period.until, said.count, held,
        said.totals if control else None, totals, found.value,
    )  # fmt: skip


def _control(mapping: Mapping) -> tuple[str, str] | None:
    """Where a record keeps the amount that is added up, and its currency."""
    row = next((row for row in mapping.rows if row.ours == mapping.control and isinstance(row.form, Amount)), None)
    return (row.theirs, row.form.currency) if row and isinstance(row.form, Amount) else None
