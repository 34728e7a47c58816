"""Batching: the turns of a batch, which workers take until it is over. Whoever dies in one is followed by another."""

from datetime import datetime, timedelta
from functools import partial

from throughline.hub import holds
from throughline.hub.cancels import NoSuchRun, NotCancellable
from throughline.hub.desk import causes, hands
from throughline.hub.desk.hands import Deed
from throughline.hub.four_eyes import NotByOne
from throughline.hub.holds import NoSuchHold, NotPossible
from throughline.hub.machine import Machine
from throughline.store import batches
from throughline.store import causes as stored
from throughline.store.database import Row, transaction

AT_ONCE = 200
LEASE = timedelta(minutes=2)
GOES_ON = ("release", "answer", "resolve")
REFUSED = (NoSuchHold, NotPossible, NotByOne, NoSuchRun, NotCancellable)


async def all_running(machine: Machine) -> int:
    """One turn of each batch that is not over; returns how many there are."""
    running = await batches.running(machine.pool)
    for id_ in running:
        await turn(machine, id_)
    return len(running)


async def turn(machine: Machine, id_: str) -> None:
    """Go on with a batch for a while. Nothing happens if somebody else is at it."""
    row = await batches.claim(machine.pool, id_, now=machine.clock(), lease=LEASE)
    if row is None:
        return
    await batches.look(machine.pool, id_, now=machine.clock())
    most = await _may_begin(machine, row)
    lanes = [await _one(machine, row, each["n"], each["hold"])
             for each in await batches.waiting(machine.pool, id_, limit=most)]  # fmt: skip
    await machine.wakes.now(sorted({lane for lane in lanes if lane}))
    if await batches.open_items(machine.pool, id_):
        await batches.rest(machine.pool, id_, held=row["lease_until"])
    else:
        await _finish(machine, row)


async def _may_begin(machine: Machine, row: Row) -> int:
    """How many items may be begun now: with a canary one, until it went through, and none when it did not."""
    canary = await batches.item(machine.pool, row["id"], 0) if row["canary"] else None
    match canary and canary["state"]:
        case None | "done":
            return AT_ONCE
        case "waiting":
            return 1
        case "left" if canary:
            why = f"the first, {canary['hold']}, did not go through: {canary['outcome']}"
            async with transaction(machine.pool) as sql:
                await batches.finish(sql, row["id"], state="stopped", why=why, now=machine.clock())
            return 0
        case _:
            return 0


async def _one(machine: Machine, row: Row, n: int, hold: str) -> str | None:
    """The deed and what is remembered of it are one transaction: it is done once, whoever dies. Returns the lane."""
    now = machine.clock()
    try:
        async with transaction(machine.pool) as sql:
            if not await batches.take(sql, row["id"], n):
                return None
            told = await deed(row)(machine, sql, hold)
            decision = told.get("decision") if told["run"] else None
            state = "under way" if decision else "done"
            await batches.ended(sql, row["id"], n, state=state, outcome=told["how"], decision=decision, now=now)
            return told["lane"] if row["action"] in GOES_ON else None
    except REFUSED as error:
        await batches.ended(machine.pool, row["id"], n, state="left", outcome=str(error), decision=None, now=now)
        return None


def deed(row: Row) -> Deed:
    """What is done to each hold."""
    who, said = {"person": row["asked_by"], "reason": row["reason"]}, row["said"]
    match row["action"]:
        case "release":
            return partial(holds.released, **who)
        case "answer":
            return partial(holds.answered, choice=said["choice"], **who)
        case "assign":
            return partial(hands.assigned, to=said.get("to"), **who)
        case "snooze":
            return partial(hands.snoozed, until=datetime.fromisoformat(said["until"]), **who)
        case _:
            return partial(hands.resolved, **who)


async def _finish(machine: Machine, row: Row) -> None:
    """It is over. A cause of which all went through is resolved with it."""
    counts = await batches.progress(machine.pool, row["id"])
    async with transaction(machine.pool) as sql:
        if not await batches.finish(sql, row["id"], state="done", why=None, now=machine.clock()):
            return
        if row["cause"] and not counts.get("left") and not await stored.open_holds(sql, row["cause"]):
            await causes.resolved(machine, sql, row["cause"], person=row["asked_by"], reason=row["reason"])
