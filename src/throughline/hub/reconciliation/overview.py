"""What the doors show of reconciliation: how each comparison stands, the breaks as a queue, and one break whole."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from throughline.core.money import Money
from throughline.core.reconciliation.breaks import Comparison
from throughline.core.reconciliation.definitions import COMPARISONS, comparison
from throughline.core.reconciliation.sides import Counts, Holds, Says, Side
from throughline.core.reconciliation.standing import UNRECONCILED, BreakState
from throughline.hub.machine import Machine
from throughline.hub.overview import Places, Slice
from throughline.hub.reconciliation.census import NAME as CENSUS
from throughline.hub.seal import Seal
from throughline.store import behind, breaks, dead_letters, holds, reconciliations
from throughline.store.database import Row


class NoSuchBreak(LookupError):
    """There is no break of this id."""


@dataclass(frozen=True, slots=True)
class Total:
    """What one side comes to: how many, and how much in each currency."""

    count: int
    amounts: tuple[Money, ...]

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Total":
        amounts = said.get("amounts", {})
        return cls(said.get("count", 0), tuple(Money.of(amounts[code], code) for code in sorted(amounts)))


@dataclass(slots=True)
class Stands:
    """How one comparison stands. `unknown` breaks are worth nobody knows what, and are in none of the amounts."""

    comparison: Comparison
    left: Total
    right: Total
    made_at: datetime | None
    why: str | None
    unreconciled: int = 0
    unknown: int = 0
    watched: int = 0
    history: int = 0
    amounts: list[Money] = field(default_factory=list[Money])


@dataclass(frozen=True, slots=True)
class Behind:
    """One record behind a number: an entity of ours, or what a system said of it under its key."""

    id: str
    kind: str
    fields: dict[str, Any]
    system: str | None = None
    key: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """What can be done about a break, through the processes: nothing here edits a system behind its back."""

    verb: str
    what: str
    command: str
    hold: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One break, with the records behind both of its sides and what can be done."""

    row: Row
    comparison: Comparison
    left: tuple[Behind, ...]
    right: tuple[Behind, ...]
    repairs: tuple[Repair, ...]


async def stands(machine: Machine) -> tuple[Stands, ...]:
    """Every comparison there is, whether it was made yet or not."""
    made = {row["comparison"]: row for row in await reconciliations.listed(machine.pool)}
    found = {each.name: _stands(each, made.get(each.name)) for each in COMPARISONS}
    for row in await breaks.totals(machine.pool):
        if row["comparison"] in found:
            _add(found[row["comparison"]], row)
    return tuple(found.values())


def _stands(each: Comparison, row: Row | None) -> Stands:
    if row is None:
        return Stands(each, Total(0, ()), Total(0, ()), None, None)
    return Stands(each, Total.of(row["left_said"]), Total.of(row["right_said"]), row["finished_at"], row["why"])


def _add(to: Stands, row: Row) -> None:
    match BreakState(row["state"]):
        case BreakState.WATCHED:
            to.watched += row["breaks"]
        case BreakState.HISTORY:
            to.history += row["breaks"]
        case _:
            to.unreconciled += row["breaks"]
            to.unknown += row["unknown"]
            if row["amount"] is not None:
                _grow(to.amounts, Money.of(row["amount"], row["currency"]))


def _grow(amounts: list[Money], more: Money) -> None:
    for n, each in enumerate(amounts):
        if each.currency == more.currency:
            amounts[n] = each + more
            return
    amounts.append(more)


async def why_not_counted(machine: Machine) -> str | None:
    """What the last census could not ask, and why."""
    return next((row["why"] for row in await reconciliations.listed(machine.pool) if row["comparison"] == CENSUS), None)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which breaks are wanted. What is not said does not matter."""

    comparison: str | None = None
    sort: str | None = None
    owner: str | None = None
    engagement: str | None = None


async def queue(machine: Machine, asked: Asked, *, cursor: str | None = None, limit: int = 50) -> Slice[Row]:
    """What is not reconciled, by what it is worth."""
    if asked.comparison:
        comparison(asked.comparison)
    places = Places(Seal(machine.firms.key), f"breaks/{asked.comparison}/{asked.sort}/{asked.owner}/{asked.engagement}")
    place = places.opened(cursor)
    after = (Decimal(place[0]) if place[0] is not None else None, place[1]) if place else None
    rows = await breaks.queue(
        machine.pool, comparison=asked.comparison, sort=asked.sort, owner=asked.owner, engagement=asked.engagement,
        after=after, limit=limit + 1,
    )  # fmt: skip
    return places.slice(tuple(rows), limit, _place)


def _place(row: Row) -> list[Any]:
    return [None if row["amount"] is None else str(row["amount"]), row["seq"]]


async def one(machine: Machine, id_: str) -> Found:
    row = await breaks.one(machine.pool, id_)
    if row is None:
        raise NoSuchBreak(f"There is no break {id_}.")
    made = comparison(row["comparison"])
    left, right = await _behind(machine, made.left, row), await _behind(machine, made.right, row)
    keys = {each.key for each in (*left, *right) if each.key}
    repairs = [each async for each in _repairs(machine, row, keys)] if row["state"] in UNRECONCILED else []
    return Found(row, made, left, right, tuple(repairs))


async def _behind(machine: Machine, side: Side, row: Row) -> tuple[Behind, ...]:
    match side:
        case Holds():
            found = await behind.holding(machine.pool, row["about"])
        case Counts():
            found = await behind.measure(machine.pool, side.measure.value, about=row["about"], period=row["period"])
        case Says():
            firm = (await machine.firms.current()).firm
            systems = [system.name for system in firm.systems_playing(side.role, kind=side.kind)]
            said = await behind.saying(machine.pool, systems, side.kind, row["about"])
            return tuple(
                Behind(row["about"], side.kind, each["fields"], each["system"], each["key"], each["at"])
                for each in said
            )
    return tuple(Behind(each["id"], each["kind"], each["fields"]) for each in found)


async def _repairs(machine: Machine, row: Row, keys: set[str]) -> AsyncIterator[Repair]:
    """The holds of its engagement, the process itself, what failed and is not mended; and to look again."""
    if engagement := row["engagement"]:
        for hold in await holds.of_correlation(machine.pool, engagement, state="open"):
            verb = "answer" if hold["choices"] else "release"
            yield Repair(verb, hold["why"], f"throughline holds show {hold['id']}", hold=hold["id"])
        what = "Run its process again. What was agreed to is not sent again; a dry run says what would be."
        yield Repair("replay", what, f"throughline replay {engagement} --of runs --dry-run")
    for letter in await dead_letters.listed(machine.pool, kind=row["about"].partition("-")[0]):
        if letter["key"] in keys:
            yield Repair("replay", letter["why"], f"throughline replay {letter['id']} --dry-run")
    what = "Compare once more, with what the systems have said since."
    yield Repair("look again", what, f"throughline reconcile run {row['comparison']}")
