"""Cancelling a run: it makes no further pass, its holds close with the reason, and if a person wants it, it is undone.

A pass that is under way is let finish, for what it has sent must be remembered; the run is cancelled when it ends. From
then on nothing of it is sent. Undoing is a run of its own in the same lane, begun in the same transaction.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from throughline.core import exact
from throughline.core.workflow import Workflow, undoing
from throughline.hub import dead_letters
from throughline.hub.machine import Machine
from throughline.hub.once import Once
from throughline.store import cancels, journal, lanes, runs
from throughline.store import dead_letters as letters
from throughline.store.database import Row, Sql, transaction
from throughline.store.runs import NewRun


class NoSuchRun(LookupError):
    """There is no run of that id."""


class NotCancellable(Exception):
    """The run is there, and cannot be cancelled like this; the text says why and what can be done."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants, and why."""

    person: str
    reason: str
    undo: bool

    @property
    def why(self) -> str:
        return f"cancelled by {self.person}: {self.reason}"


async def cancel(machine: Machine, id_: str, wish: Wish, *, once: Once | None = None) -> dict[str, Any]:
    """Cancel a run: at once, or as soon as the pass that is under way has ended."""
    async with transaction(machine.pool) as sql:
        if once and (told := await once.before(sql)):
            return {**told, "replayed": True}
        told = await cancelled(machine, sql, id_, wish)
        if once:
            await once.keep(sql, told, now=machine.clock())
    await machine.wakes.now([told["lane"]])
    return {**told, "replayed": False}


async def cancelled(machine: Machine, sql: Sql, id_: str, wish: Wish) -> dict[str, Any]:
    """The same within a transaction of the caller's, who wakes the lane after it."""
    row, free = await _locked(machine, sql, id_)
    _refuse_impossible(machine, row, wish)
    now = machine.clock()
    await cancels.ask(sql, id_, asdict(wish), now=now)
    detail = {"reason": wish.reason, "undo": wish.undo, "run": id_}
    await journal.note(sql, actor=wish.person, action="cancelled", object_=id_, detail=detail, now=now)
    undone_by = await _carry_out(machine, sql, row, wish, now=now) if free else None
    return {
        "run": id_,
        "lane": row["lane"],
        "correlation": row["correlation"],
        "state": "cancelled" if free else "cancelling",
        "undone_by": undone_by,
        **asdict(wish),
        "at": now.isoformat(),
    }


async def all_asked(machine: Machine) -> int:
    """Carry out what had to wait for a pass to end; returns how many were."""
    done = 0
    for id_ in await cancels.asked(machine.pool):
        async with transaction(machine.pool) as sql:
            row, free = await _locked(machine, sql, id_)
            if row["cancelled_at"] or not free:
                continue
            await _carry_out(machine, sql, row, Wish(**row["cancel"]), now=machine.clock())
        done += 1
        await machine.wakes.now([row["lane"]])
    return done


async def _locked(machine: Machine, sql: Sql, id_: str) -> tuple[Row, bool]:
    """The run, held until the transaction ends, and whether nobody is in its lane. The lane first, as passes do."""
    row = await runs.one(sql, id_)
    if row is None:
        raise NoSuchRun(f"There is no run {id_}.")
    free = await cancels.lane_is_free(sql, row["lane"], now=machine.clock())
    return await cancels.run_for_update(sql, id_) or row, free


def _refuse_impossible(machine: Machine, row: Row, wish: Wish) -> None:
    id_ = row["id"]
    if row["cancelled_at"] or row["cancel"]:
        raise NotCancellable(f"{id_} was cancelled before.")
    if wish.undo and _undoing(machine, row) is None:
        raise NotCancellable(f"{row['workflow']} does not say how it is undone: cancel {id_} without undoing it.")
    if row["state"] == "done" and not wish.undo:
        raise NotCancellable(f"{id_} is done, so there is nothing to stop. It can be undone, if its workflow says how.")


async def _carry_out(machine: Machine, sql: Sql, row: Row, wish: Wish, *, now: datetime) -> str | None:
    """The run is over. Returns the run that undoes it, if one is wanted."""
    await cancels.carry_out(sql, row["id"], row["lane"], why=wish.why, now=now)
    await letters.close(sql, [dead_letters.of_run(row["id"])], how=wish.why, now=now)
    return await _undo(machine, sql, row, now=now) if wish.undo else None


async def _undo(machine: Machine, sql: Sql, row: Row, *, now: datetime) -> str | None:
    """Begin the run that undoes this one, when the last thing this one has sent must have arrived."""
    workflow = _undoing(machine, row)
    if workflow is None:
        return None
    undo = NewRun(
        id=f"run-{exact.digest('undo', row['id'])[:12].lower()}",
        workflow=workflow.name,
        lane=row["lane"],
        event_type=row["event_type"],
        event=row["event"],
        # It is about the run, not about the deal: a deal has one engagement.
        subject=row["id"],
        correlation=row["correlation"],
    )
    await runs.start(sql, [undo], now=now)
    await lanes.put_off(sql, row["lane"], until=await cancels.settled_at(sql, row["id"]) or now)
    return undo.id


def _undoing(machine: Machine, row: Row) -> Workflow | None:
    return next((each for each in machine.everything if each.name == undoing(row["workflow"])), None)
