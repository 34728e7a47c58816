"""What people do with holds: answer them, release them. Both run the process again; nothing else has to be known."""

from datetime import datetime
from typing import Any

from throughline.hub import four_eyes, lockouts
from throughline.hub.machine import Machine
from throughline.hub.once import Once
from throughline.store import holds, journal, lanes
from throughline.store.database import Row, Sql, transaction


class NoSuchHold(LookupError):
    """There is no hold of that id."""


class NotPossible(Exception):
    """The hold is there, and this cannot be done to it; the text says why and what can."""


async def answer(
    machine: Machine, id_: str, choice: str, *, person: str, reason: str | None = None, once: Once | None = None
) -> dict[str, Any]:
    """Choose. The choice is remembered for the run, and the run goes on."""
    async with transaction(machine.pool) as sql:
        if once and (told := await once.before(sql)):
            return {**told, "replayed": True}
        row = await _open(sql, id_)
        if not row["choices"]:
            raise NotPossible(f"{id_} asks nothing: correct the cause, then release it.")
        if choice not in row["choices"]:
            raise NotPossible(f"{choice!r} is not a choice of {id_}; choose {' or '.join(map(repr, row['choices']))}.")
        now = machine.clock()
        if not await four_eyes.agreed(machine, sql, row, choice, person=person, reason=reason):
            return await _proposed(machine, sql, row, choice, person=person, reason=reason, once=once)
        run, name, choices = row["run"], row["name"], row["choices"]
        if not await holds.answer(sql, run, name, choice, choices=choices, reason=reason, person=person, now=now):
            raise NotPossible(f"{id_} was answered before; the first answer stands.")
        told = await _go_on(machine, sql, row, how=f"answered {choice}", person=person, reason=reason)
        if once:
            await once.keep(sql, told, now=now)
    await machine.wakes.now([row["lane"]])
    return {**told, "replayed": False}


async def release(
    machine: Machine, id_: str, *, person: str, reason: str | None = None, once: Once | None = None
) -> dict[str, Any]:
    """Run again, now that the cause is gone. If it is not, the hold comes back, and says so."""
    await machine.firms.apply(by=person)
    async with transaction(machine.pool) as sql:
        if once and (told := await once.before(sql)):
            return {**told, "replayed": True}
        row = await _open(sql, id_)
        if row["choices"]:
            raise NotPossible(f"{id_} asks a question: answer it with {' or '.join(map(repr, row['choices']))}.")
        told = await _go_on(machine, sql, row, how="released", person=person, reason=reason)
        if once:
            await once.keep(sql, told, now=machine.clock())
    if row["lane"]:
        await machine.wakes.now([row["lane"]])
    return {**told, "replayed": False}


async def _proposed(
    machine: Machine, sql: Sql, row: Row, choice: str, *, person: str, reason: str | None, once: Once | None
) -> dict[str, Any]:
    """The hold stays open until somebody else agrees."""
    now, how = machine.clock(), f"proposed {choice}"
    detail = {"how": how, "reason": reason, "run": row["run"], "why": row["why"]}
    await journal.note(sql, actor=person, action="propose", object_=row["id"], detail=detail, now=now)
    told = _told(row, how=how, person=person, reason=reason, at=now)
    if once:
        await once.keep(sql, told, now=now)
    return {**told, "replayed": False}


async def _open(sql: Sql, id_: str) -> Row:
    row = await holds.for_update(sql, id_)
    if row is None:
        raise NoSuchHold(f"There is no hold {id_}.")
    if row["state"] != "open":
        raise NotPossible(f"{id_} is closed: {row['closed_how']}.")
    return row


async def _go_on(machine: Machine, sql: Sql, row: Row, *, how: str, person: str, reason: str | None) -> dict[str, Any]:
    """Close the hold and wake its lane. Returns what was decided, in words that can be kept."""
    now = machine.clock()
    await holds.close(sql, row["id"], how=f"{how} by {person}", now=now)
    if row["system"]:
        await lockouts.wake(machine, sql, row["system"])
    else:
        await lanes.wake(sql, [row["lane"]], at=now)
    detail = {"how": how, "reason": reason, "run": row["run"], "why": row["why"]}
    await journal.note(sql, actor=person, action=how.split(maxsplit=1)[0], object_=row["id"], detail=detail, now=now)
    return _told(row, how=how, person=person, reason=reason, at=now)


def _told(row: Row, *, how: str, person: str, reason: str | None, at: datetime) -> dict[str, Any]:
    named = {name: row[name] for name in ("id", "run", "lane", "correlation", "system", "why")}
    return {**named, "how": how, "by": person, "reason": reason, "at": at.isoformat()}
