"""What hands do with one hold besides answering and releasing it: assign, snooze, note, resolve."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any

from throughline.hub import cancels
from throughline.hub.cancels import Wish
from throughline.hub.holds import NoSuchHold, NotPossible, still_open
from throughline.hub.machine import Machine
from throughline.hub.once import Once, kept
from throughline.store import cancels as lanes_of_runs
from throughline.store import holds, journal
from throughline.store.database import Row, Sql, transaction
from throughline.store.leaves import OURSELVES

AT_ONCE = 500

type Told = dict[str, Any]
type Deed = Callable[[Machine, Sql, str], Awaitable[Told]]


async def assign(machine: Machine, id_: str, to: str | None, *, person: str, reason: str | None = None,
                 once: Once | None = None) -> Told:  # fmt: skip
    """Give it to somebody, or to nobody. Its owner stays who the policy says."""
    return await _done(machine, id_, partial(assigned, to=to, person=person, reason=reason), once)


async def snooze(machine: Machine, id_: str, until: datetime, *, person: str, reason: str | None = None,
                 once: Once | None = None) -> Told:  # fmt: skip
    """Out of the queue until a time; then it comes back by itself, with the clock it had."""
    return await _done(machine, id_, partial(snoozed, until=until, person=person, reason=reason), once)


async def note(machine: Machine, id_: str, text: str, *, person: str, once: Once | None = None) -> Told:
    """Something the next person should know. Also on a hold that is closed."""
    return await _done(machine, id_, partial(_noted, text=text, person=person), once)


async def resolve(machine: Machine, id_: str, *, person: str, reason: str, once: Once | None = None) -> Told:
    """It was dealt with elsewhere: the run that waits is over, and sends nothing more."""
    told = await _done(machine, id_, partial(resolved, person=person, reason=reason), once)
    await machine.wakes.now([told["lane"]])
    return told


async def notes(sql: Sql, id_: str) -> list[Row]:
    """Everything people did with a hold and said about it, oldest first."""
    return await journal.about(sql, [id_])


async def wake_snoozed(machine: Machine) -> int:
    """Those whose time has come are in the queue again; returns how many."""
    now = machine.clock()
    async with transaction(machine.pool) as sql:
        rows = await holds.slept_enough(sql, now=now, limit=AT_ONCE)
        for row in rows:
            await holds.snooze(sql, row["id"], until=None)
            detail = {"until": row["snoozed_until"].isoformat(), "run": row["run"]}
            await journal.note(sql, actor=OURSELVES, action="woken", object_=row["id"], detail=detail, now=now)
    return len(rows)


async def assigned(machine: Machine, sql: Sql, id_: str, *, to: str | None, person: str, reason: str | None) -> Told:
    row = await still_open(sql, id_)
    await holds.assign(sql, id_, to)
    said = {"to": to, "from": row["assignee"], "reason": reason}
    return await _told(machine, sql, row, "assigned", person=person, **said)


async def snoozed(machine: Machine, sql: Sql, id_: str, *, until: datetime, person: str, reason: str | None) -> Told:
    if until <= machine.clock():
        raise NotPossible(f"{until.isoformat()} is over: say a time that is still to come.")
    row = await still_open(sql, id_)
    await holds.snooze(sql, id_, until=until)
    return await _told(machine, sql, row, "snoozed", person=person, until=until.isoformat(), reason=reason)


async def resolved(machine: Machine, sql: Sql, id_: str, *, person: str, reason: str) -> Told:
    seen = await holds.one(sql, id_)
    if seen and seen["lane"]:
        # The lane before its holds, as passes lock them.
        await lanes_of_runs.lane_is_free(sql, seen["lane"], now=machine.clock())
    row = await still_open(sql, id_)
    if row["run"] is None:
        raise NotPossible(f"{id_} is about {row['system']}, and whatever waits for it goes on: release it.")
    if others := await holds.others_of_run(sql, row["run"], but=id_):
        named = ", ".join(each["id"] for each in others)
        raise NotPossible(f"{row['run']} waits for {named} as well: deal with that first, or cancel the run.")
    ended = await cancels.cancelled(
        machine, sql, row["run"], Wish(person, f"dealt with elsewhere: {reason}", undo=False)
    )
    said = {"reason": reason, "run": row["run"], "state": ended["state"]}
    return await _told(machine, sql, row, "resolved", person=person, **said)


async def _noted(machine: Machine, sql: Sql, id_: str, *, text: str, person: str) -> Told:
    row = await holds.one(sql, id_)
    if row is None:
        raise NoSuchHold(f"There is no hold {id_}.")
    return await _told(machine, sql, row, "noted", person=person, text=text)


async def _done(machine: Machine, id_: str, deed: Deed, once: Once | None) -> Told:
    async with transaction(machine.pool) as sql:
        return await kept(sql, once, partial(deed, machine, sql, id_), now=machine.clock())


async def _told(machine: Machine, sql: Sql, row: Row, how: str, *, person: str, **said: Any) -> Told:
    now = machine.clock()
    await journal.note(sql, actor=person, action=how, object_=row["id"], detail={**said, "why": row["why"]}, now=now)
    named = {name: row[name] for name in ("id", "run", "lane", "correlation", "system", "why")}
    return {**named, **said, "how": how, "by": person, "at": now.isoformat()}
