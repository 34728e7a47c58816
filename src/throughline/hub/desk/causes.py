"""Causes at the desk: why holds were grouped, how people regroup them, and what has worked before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from throughline.hub.desk.queue import Total, total
from throughline.hub.holds import NotPossible
from throughline.hub.machine import Machine
from throughline.store import causes, decisions, journal
from throughline.store.database import Row, Sql, transaction
from throughline.store.queue import Wanted


class NoSuchCause(LookupError):
    """There is no cause of that id."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to deal with a cause: how often it was chosen, and how that ended. The rest is not known yet."""

    how: str
    choice: str | None
    times: int
    worked: int
    came_back: int
    last_at: datetime

    @property
    def words(self) -> str:
        return f"answered {self.choice}" if self.choice else self.how


@dataclass(frozen=True, slots=True)
class Found:
    """A cause, whole: what was merged into it, what its open holds come to, and what was done about it before."""

    row: Row
    merged: tuple[Row, ...]
    total: Total
    ways: tuple[Way, ...]
    worked: tuple[Row, ...]
    notes: tuple[Row, ...]

    @property
    def best(self) -> Way | None:
        return best(self.ways)


def best(ways: Sequence[Way]) -> Way | None:
    """The way that went through most often, of those that did so more often than they came back."""
    return next((way for way in ways if way.worked > way.came_back), None)


async def one(machine: Machine, id_: str) -> Found:
    row = await causes.one(machine.pool, id_)
    if row is None:
        raise NoSuchCause(f"There is no cause {id_}.")
    return Found(
        row,
        tuple(await causes.merged_into(machine.pool, id_)),
        await total(machine.pool, Wanted(cause=id_)),
        await ways(machine.pool, id_),
        tuple(await decisions.that_worked(machine.pool, id_)),
        tuple(await journal.about(machine.pool, [id_])),
    )


async def ways(sql: Sql, id_: str) -> tuple[Way, ...]:
    return tuple(Way(**row) for row in await decisions.of_cause(sql, id_))


def why_grouped(row: Row) -> str:
    """Why its holds are in one group, for whoever doubts it."""
    where = ", ".join(filter(None, (f"process {row['workflow']}" if row["workflow"] else "",
                                    f"part {row['part']}" if row["part"] else "")))  # fmt: skip
    said = f"The same {where} and" if where else "The same"
    same = f"{said} reason once names, ids, amounts and days are left out: “{row['pattern']}”."
    return f"A person took these out of {row['split_from']}. {same}" if row["split_from"] else same


async def merge(machine: Machine, id_: str, *, into: str, person: str, reason: str) -> int:
    """From now on both are one; returns how many open holds moved."""
    if id_ == into:
        raise NotPossible(f"{id_} cannot be merged into itself: name another cause.")
    async with transaction(machine.pool) as sql:
        found = await _locked(sql, id_, into)
        for each in found.values():
            if each["merged_into"]:
                raise NotPossible(f"{each['id']} was merged into {each['merged_into']}: name that one.")
        moved = await causes.merge(sql, id_, into=into)
        await _note(machine, sql, "merged", id_, person=person, into=into, holds=moved, reason=reason)
    return moved


async def part(machine: Machine, id_: str, *, person: str, reason: str) -> int:
    """What was merged into it goes by itself again; returns how many open holds moved."""
    async with transaction(machine.pool) as sql:
        await _locked(sql, id_)
        if not await causes.merged_into(sql, id_):
            raise NotPossible(f"Nothing was merged into {id_}.")
        moved = await causes.part(sql, id_)
        await _note(machine, sql, "parted", id_, person=person, holds=moved, reason=reason)
    return moved


async def split(machine: Machine, id_: str, holds: Sequence[str], *, person: str, reason: str) -> str:
    """These holds become a group of their own; returns its id. All of them move, or none."""
    wanted, new = set(holds), machine.ids("cause")
    async with transaction(machine.pool) as sql:
        row = (await _locked(sql, id_))[id_]
        moved = await causes.split(sql, new, out_of=row, holds=sorted(wanted), now=machine.clock())
        if not wanted or moved != len(wanted):
            raise NotPossible(f"{moved} of the {len(wanted)} holds are open and in {id_}: name only such holds.")
        await _note(machine, sql, "split", id_, person=person, into=new, holds=sorted(wanted), reason=reason)
    return new


async def resolve(machine: Machine, id_: str, *, person: str, reason: str) -> None:
    """It is mended for good. Whatever comes with it from now on has regressed."""
    async with transaction(machine.pool) as sql:
        await _locked(sql, id_)
        if left := await causes.open_holds(sql, id_):
            raise NotPossible(f"{left} holds of {id_} are open: clear them, which resolves it when all went through.")
        await resolved(machine, sql, id_, person=person, reason=reason)


async def resolved(machine: Machine, sql: Sql, id_: str, *, person: str, reason: str) -> None:
    """The same within a transaction of the caller's, who knows that nothing of it is open."""
    await causes.resolve(sql, id_, reason=reason, person=person, now=machine.clock())
    await _note(machine, sql, "resolved", id_, person=person, reason=reason)


async def _locked(sql: Sql, *ids: str) -> dict[str, Row]:
    found = await causes.for_update(sql, ids)
    if missing := [id_ for id_ in ids if id_ not in found]:
        raise NoSuchCause(f"There is no cause {', '.join(missing)}.")
    return found


async def _note(machine: Machine, sql: Sql, action: str, id_: str, *, person: str, **detail: object) -> None:
    await journal.note(sql, actor=person, action=action, object_=id_, detail=detail, now=machine.clock())
