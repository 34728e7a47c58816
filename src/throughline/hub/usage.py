"""Usage, as it is handed to us: what a meter said becomes readings, each of them once, whatever sent it how often."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from throughline.core import exact
from throughline.core.claims import Claim
from throughline.core.entities import (
    Approval,
    ApprovalState,
    Contract,
    Project,
    ProjectId,
    Unit,
    UsageReading,
    UsageReadingId,
)
from throughline.core.entities.base import Day
from throughline.core.money import Exact
from throughline.core.ownership import HUB
from throughline.hub.machine import Machine
from throughline.hub.once import Once
from throughline.hub.settle import Settled, Settler
from throughline.store import entities, journal
from throughline.store.database import Sql, transaction
from throughline.store.entities import Overtaken

TRIES = 3

type Text = Annotated[str, Field(min_length=1, max_length=200)]


class NotTaken(ValueError):
    """Some readings say nothing that could be billed. None was taken; `wrong` says which, and why."""

    def __init__(self, wrong: dict[int, str]) -> None:
        super().__init__(f"{len(wrong)} readings cannot be taken, so none was.")
        self.wrong = wrong


class Metered(BaseModel):
    """What a meter said. `of` is a project or a contract, by our id or by its key in any system."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: Text
    of: Text
    day: Day
    quantity: Exact
    unit: Unit
    line: Text | None = None
    approved_by: Text | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The readings by our ids, in the order they came, and those that said something new."""

    ids: list[str]
    new: frozenset[str]
    replayed: bool


async def take(machine: Machine, metered: Sequence[Metered], *, person: str, once: Once | None = None) -> Taken:
    """All of them, or none. One of the same reference again is a correction, or nothing new."""
    for _ in range(TRIES):
        try:
            return await _taken(machine, metered, person=person, once=once)
        except Overtaken:
            await asyncio.sleep(0)
    raise Overtaken("others keep changing the same readings: send them again in a moment")


async def _taken(machine: Machine, metered: Sequence[Metered], *, person: str, once: Once | None) -> Taken:
    applied, now = await machine.firms.current(), machine.clock()
    settled = Settled()
    async with transaction(machine.pool) as sql:
        if once and (before := await once.before(sql)):
            return _told(before, replayed=True)
        systems = [each.name for each in applied.firm.systems]
        readings = await _readings(sql, metered, systems)
        claims = [(each.id, _claim(each)) for each in readings]
        settler = Settler(applied, machine.workflows, machine.ids)
        await settler.claims(sql, claims, settled, now=now)
        await settler.wake(sql, settled, now=now)
        told = {"ids": [each.id for each in readings], "new": sorted(settled.changed)}
        for id_ in told["new"]:
            await journal.note(sql, actor=person, action="metered", object_=id_, detail={}, now=now)
        if once:
            await once.keep(sql, told, now=now)
    await machine.wakes.now(settled.woken)
    return _told(told, replayed=False)


def _told(told: dict[str, Any], *, replayed: bool) -> Taken:
    return Taken(told["ids"], frozenset(told["new"]), replayed)


async def _readings(sql: Sql, metered: Sequence[Metered], systems: Sequence[str]) -> list[UsageReading]:
    meant = {of: await _projects(sql, of, systems) for of in {each.of for each in metered}}
    seen = [(each.of, each.reference) for each in metered]
    wrong = {n: _none_or_many(each.of, meant[each.of]) for n, each in enumerate(metered) if len(meant[each.of]) != 1}
    wrong |= {n: "its reference is sent twice" for n, each in enumerate(seen) if each in seen[:n]}
    if wrong:
        raise NotTaken(wrong)
    return [_reading(each, meant[each.of][0]) for each in metered]


async def _projects(sql: Sql, of: str, systems: Sequence[str]) -> list[str]:
    """The projects that may be meant: by an id of theirs, or of their contract."""
    ours = {of} | {id_ for name in systems for id_ in await _named(sql, name, of)}
    rows = await entities.many(sql, sorted(ours))
    found = {id_ for id_, row in rows.items() if row["kind"] == Project.kind}
    for id_ in [id_ for id_, row in rows.items() if row["kind"] == Contract.kind]:
        found |= {*await entities.naming(sql, Project.kind, "contract", id_, since=None, until=None)}
    return sorted(found)


def _none_or_many(of: str, projects: Sequence[str]) -> str:
    if not projects:
        return f"nobody knows a project or a contract {of}"
    return f"{of} means {', '.join(projects)}: name one of these projects"


async def _named(sql: Sql, system: str, key: str) -> list[str]:
    return [*(await entities.named(sql, system, [(Project.kind, key), (Contract.kind, key)])).values()]


def _reading(each: Metered, project: str) -> UsageReading:
    approval = Approval(state=ApprovalState.APPROVED, by=each.approved_by) if each.approved_by else None
    return UsageReading(
        id=UsageReadingId(f"usage_reading-{exact.digest(project, each.reference)[:16].lower()}"),
        reference=each.reference,
        project=ProjectId(project),
        contract_line=each.line,
        day=each.day,
        quantity=each.quantity,
        unit=each.unit,
        note=each.note,
        approval=approval,
    )


def _claim(reading: UsageReading) -> Claim:
    fields = reading.model_dump(mode="json")
    return Claim(reading.kind, reading.reference, HUB, {name: fields[name] for name in fields if name != "id"})
