"""Clocks as lists show them: those of a hop that run, by what is due first, or those that ended, newest first."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from throughline.core.clocks.hops import Hop, hop
from throughline.core.money import Money
from throughline.hub.machine import Machine
from throughline.hub.overview import Places, Slice, names
from throughline.hub.seal import Seal
from throughline.store import entities, hop_clocks
from throughline.store.database import Row


class Which(StrEnum):
    """Which clocks are wanted."""

    RUNNING = "running"
    ENDED = "ended"
    MET = "met"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One clock. `state` is running, late, paused, met, missed, untimed or given_up; `amount` None when unknown."""

    id: str
    hop: str
    subject: str
    engagement: str
    name: str
    legal_entity: str | None
    amount: Money | None
    state: str
    began: datetime
    due: datetime | None
    ended: datetime | None
    spent_seconds: float | None


async def listed(machine: Machine, name: str, *, which: Which = Which.RUNNING, cursor: str | None = None,
                 limit: int = 50) -> Slice[Listed]:  # fmt: skip
    wanted = hop(name)
    places = Places(Seal(machine.firms.key), f"clocks/{name}/{which}")
    place = places.opened(cursor)
    rows = await _rows(machine, wanted, which, place, limit + 1)
    called = await _names(machine, rows[:limit])
    now = machine.clock()
    found = places.slice(tuple(rows), limit, _place)
    return Slice(tuple(_listed(row, called, now) for row in found.rows), found.next)


async def of_engagement(machine: Machine, id_: str) -> tuple[Listed, ...]:
    """Every clock of an engagement, in the order they began."""
    rows = await hop_clocks.of_engagement(machine.pool, id_)
    called = await _names(machine, rows)
    return tuple(_listed(row, called, machine.clock()) for row in rows)


async def _rows(machine: Machine, wanted: Hop, which: Which, place: Any, limit: int) -> list[Row]:
    at = datetime.fromisoformat(place[0]) if place and place[0] else None
    if which is Which.RUNNING:
        after = (at, place[1]) if place else None
        return await hop_clocks.next_due(machine.pool, wanted.name, after=after, limit=limit)
    state = None if which is Which.ENDED else which.value
    before = (at, place[1]) if place and at else None
    return await hop_clocks.newest_ended(machine.pool, wanted.name, state=state, before=before, limit=limit)


def _place(row: Row) -> list[Any]:
    at = row["due_at"] if row["ended_at"] is None else row["ended_at"]
    return [at.isoformat() if at else None, row["seq"]]


async def _names(machine: Machine, rows: list[Row]) -> dict[str, str]:
    """What the engagements are called; an invoice goes by its number, a month by its project."""
    ids = {row["subject"].partition("/")[0] for row in rows}
    called = await names(machine, sorted({row["engagement"] for row in rows}))
    own = {
        id_: row["fields"].get("number") or row["fields"].get("name") or id_
        for id_, row in (await entities.many(machine.pool, sorted(ids))).items()
    }
    return called | own


def _listed(row: Row, called: dict[str, str], now: datetime) -> Listed:
    about, _, period = row["subject"].partition("/")
    name = called.get(about) or called.get(row["engagement"]) or row["engagement"]
    amount = Money.of(row["amount"], row["currency"]) if row["amount"] is not None and row["currency"] else None
    return Listed(
        id=row["id"], hop=row["hop"], subject=row["subject"], engagement=row["engagement"],
        name=f"{name}, {period}" if period else name, legal_entity=row["legal_entity"], amount=amount,
        state=_state(row, now), began=row["began_at"], due=row["due_at"], ended=row["ended_at"],
        spent_seconds=row["spent_seconds"],
    )  # fmt: skip


def _state(row: Row, now: datetime) -> str:
    if row["state"] != "running":
        return row["state"]
    if row["paused"]:
        return "paused"
    return "late" if row["due_at"] and now > row["due_at"] else "running"
