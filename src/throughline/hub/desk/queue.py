"""The queue: holds as a person cuts them, what the cut comes to, and what they have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from throughline.hub.machine import Machine
from throughline.hub.overview import Places, Slice
from throughline.hub.seal import Seal
from throughline.store import causes, queue
from throughline.store.database import Row, Sql
from throughline.store.queue import Wanted

type Amounts = dict[str, Decimal]

MOST_GROUPS = 200


@dataclass(frozen=True, slots=True)
class Total:
    """What a cut comes to. The money of `unknown` holds is in no amount: nobody knows it."""

    holds: int
    amounts: Amounts
    unknown: int


@dataclass(frozen=True, slots=True)
class Group:
    """One cause and its holds within a cut."""

    cause: Row
    total: Total
    since: datetime


async def page(machine: Machine, wanted: Wanted, *, cursor: str | None = None, limit: int = 50) -> Slice[Row]:
    """Holds by money at risk, then by clock."""
    places = Places(Seal(machine.firms.key), f"holds/{sorted(wanted.said.items())}")
    place = places.opened(cursor)
    after = (None if place[0] is None else Decimal(place[0]), place[1]) if place else None
    rows = await queue.page(machine.pool, wanted, after=after, limit=limit + 1)
    return places.slice(
        tuple(rows), limit, lambda row: [None if row["amount"] is None else str(row["amount"]), row["seq"]]
    )


async def total(sql: Sql, wanted: Wanted) -> Total:
    return _total(await queue.totals(sql, wanted))


async def groups(machine: Machine, wanted: Wanted) -> tuple[Group, ...]:
    """What the holds have in common, most money first. Of more than a few hundred causes only the largest are told."""
    by_cause: dict[str, list[Row]] = {}
    for row in await queue.grouped(machine.pool, wanted, limit=MOST_GROUPS):
        by_cause.setdefault(row["cause"], []).append(row)
    known = await causes.many(machine.pool, list(by_cause))
    return tuple(
        Group(known[id_], _total(rows), min(row["since"] for row in rows))
        for id_, rows in by_cause.items()
        if id_ in known
    )


def _total(rows: Sequence[Row]) -> Total:
    amounts = {row["currency"]: row["amount"] for row in rows if row["amount"] is not None}
    return Total(sum(row["holds"] for row in rows), amounts, sum(row["unknown"] for row in rows))
