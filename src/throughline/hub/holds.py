"""What people do with holds: answer them, release them. Both run the process again; nothing else has to be known."""

from datetime import datetime
from typing import Any

from throughline.hub import four_eyes, lockouts
from throughline.hub.machine import Machine
from throughline.hub.once import Once
from throughline.store import decisions, holds, journal, lanes
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
        told = await answered(machine, sql, id_, choice, person=person, reason=reason)
        if once:
            await once.keep(sql, told, now=machine.clock())
    await machine.wakes.now([told["lane"]])
    return {**told, "replayed": False}


async def release(
    machine: Machine, id_: str, *, person: str, reason: str | None = None, once: Once | None = None
) -> dict[str, Any]:
    """Run again, now that the cause is gone. If it is not, the hold comes back, and says so."""
    await machine.firms.apply(by=person)
    async with transaction(machine.pool) as sql:
        if once and (told := await once.before(sql)):
            return {**told, "replayed": True}
        told = await released(machine, sql, id_, person=person, reason=reason)
        if once:
            await once.keep(sql, told, now=machine.clock())
    if told["lane"]:
        await machine.wakes.now([told["lane"]])
    return {**told, "replayed": False}


async def answered(machine: Machine, sql: Sql, id_: str, choice: str, *, person: str, reason: str | None
                   ) -> dict[str, Any]:  # fmt: skip
    """The same within a transaction of the caller's, who wakes the lane after it."""
    row = await still_open(sql, id_)
    if not row["choices"]:
        raise NotPossible(f"{id_} asks nothing: correct the cause, then release it.")
    if choice not in row["choices"]:
        raise NotPossible(f"{choice!r} is not a choice of {id_}; choose {' or '.join(map(repr, row['choices']))}.")
    if not await four_eyes.agreed(machine, sql, row, choice, person=person, reason=reason):
        return await _proposed(machine, sql, row, choice, person=person, reason=reason)
    run, name, choices, now = row["run"], row["name"], row["choices"], machine.clock()
    if not await holds.answer(sql, run, name, choice, choices=choices, reason=reason, person=person, now=now):
        raise NotPossible(f"{id_} was answered before; the first answer stands.")
    return await _go_on(machine, sql, row, how=f"answered {choice}", choice=choice, person=person, reason=reason)


async def released(machine: Machine, sql: Sql, id_: str, *, person: str, reason: str | None) -> dict[str, Any]:
    """The same within a transaction of the caller's."""
    row = await still_open(sql, id_)
    if row["choices"]:
        raise NotPossible(f"{id_} asks a question: answer it with {' or '.join(map(repr, row['choices']))}.")
    return await _go_on(machine, sql, row, how="released", choice=None, person=person, reason=reason)


async def _proposed(
    machine: Machine, sql: Sql, row: Row, choice: str, *, person: str, reason: str | None
) -> dict[str, Any]:
    """The hold stays open until somebody else agrees."""
    now, how = machine.clock(), f"proposed {choice}"
    detail = {"how": how, "reason": reason, "run": row["run"], "why": row["why"]}
    await journal.note(sql, actor=person, action="propose", object_=row["id"], detail=detail, now=now)
    return _told(row, how=how, person=person, reason=reason, at=now)


async def still_open(sql: Sql, id_: str) -> Row:
    """The hold, kept as it is until the transaction ends; refused when it is closed."""
    row = await holds.for_update(sql, id_)
    if row is None:
        raise NoSuchHold(f"There is no hold {id_}.")
    if row["state"] != "open":
        raise NotPossible(f"{id_} is closed: {row['closed_how']}.")
    return row


async def _go_on(machine: Machine, sql: Sql, row: Row, *, how: str, choice: str | None, person: str,
                 reason: str | None) -> dict[str, Any]:  # fmt: skip
    """Close the hold and wake its lane. Returns what was decided, in words that can be kept."""
    now, verb = machine.clock(), how.split(maxsplit=1)[0]
    await holds.close(sql, row["id"], how=f"{how} by {person}", now=now)
    if row["system"]:
        await lockouts.wake(machine, sql, row["system"])
    else:
        await lanes.wake(sql, [row["lane"]], at=now)
    decision = await decisions.made(sql, row, how=verb, choice=choice, reason=reason, person=person, now=now)
    detail = {"how": how, "reason": reason, "run": row["run"], "why": row["why"]}
    await journal.note(sql, actor=person, action=verb, object_=row["id"], detail=detail, now=now)
    return {**_told(row, how=how, person=person, reason=reason, at=now), "decision": decision}


def _told(row: Row, *, how: str, person: str, reason: str | None, at: datetime) -> dict[str, Any]:
    named = {name: row[name] for name in ("id", "run", "lane", "correlation", "system", "why")}
    return {**named, "how": how, "by": person, "reason": reason, "at": at.isoformat(), "decision": None}
