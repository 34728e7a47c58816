"""Batches: one deed for the holds that were ticked, or for all that fit a query. Workers carry it out, item by item.

It is said beforehand how many holds that is and what they come to. A batch goes on wherever it was when a worker dies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from throughline.hub import four_eyes
from throughline.hub.desk import queue
from throughline.hub.desk.queue import Total
from throughline.hub.holds import NotPossible
from throughline.hub.machine import Machine
from throughline.hub.once import Once, kept
from throughline.hub.overview import Places, Slice
from throughline.hub.seal import Seal
from throughline.store import batches, journal
from throughline.store.batches import NewBatch
from throughline.store.database import Row, Sql, transaction
from throughline.store.queue import Wanted

type Action = Literal["release", "answer", "assign", "snooze", "resolve"]

MOST = 100_000


class NoSuchBatch(LookupError):
    """There is no batch of that id."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asks for. `expect` is how many holds they saw: if it is another number by now, nothing begins.

    With a `canary` the hold with the least at risk goes first, alone; the rest only when it went through.
    """

    action: Action
    wanted: Wanted
    person: str
    reason: str
    choice: str | None = None
    to: str | None = None
    until: datetime | None = None
    canary: bool = False
    expect: int | None = None
    cause: str | None = None

    @property
    def said(self) -> dict[str, Any]:
        """What the deed itself is told."""
        told = {"choice": self.choice, "to": self.to, "until": self.until.isoformat() if self.until else None}
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a batch would be about. Nothing can be done like this to `unfit` of them: they would be left."""

    total: Total
    unfit: int


@dataclass(frozen=True, slots=True)
class Progress:
    """A batch, and how many of its items stand how."""

    row: Row
    counts: dict[str, int]


async def preview(machine: Machine, order: Order) -> Preview:
    """A dry run: how many holds, what they come to, and how many of them this cannot be done to."""
    _refuse_senseless(machine, order)
    rows = await _found(machine.pool, order)
    unfit = sum(not _fits(order, row) for row in rows)
    return Preview(await queue.total(machine.pool, order.wanted), unfit)


async def begin(machine: Machine, order: Order, *, once: Once | None = None) -> str:
    """Write down what is to be done to what; returns its id."""
    _refuse_senseless(machine, order)
    if order.action in {"release", "answer"}:
        await machine.firms.apply(by=order.person)
    async with transaction(machine.pool) as sql:
        told = await kept(sql, once, lambda: _begun(machine, sql, order), now=machine.clock())
    return told["id"]


def clearing(cause: str, *, person: str, reason: str, choice: str | None = None, expect: int | None = None) -> Order:
    """Fixed once: all that have the cause go on, one of them first. When all went through, the cause is resolved."""
    action: Action = "answer" if choice else "release"
    wanted = Wanted(cause=cause)
    return Order(action, wanted, person, reason, choice=choice, canary=True, expect=expect, cause=cause)


async def cancel(machine: Machine, id_: str, *, person: str) -> None:
    """What has not been begun is left; what has been begun is finished."""
    await progress(machine, id_)
    now, why = machine.clock(), f"cancelled by {person}"
    async with transaction(machine.pool) as sql:
        if not await batches.finish(sql, id_, state="cancelled", why=why, now=now):
            raise NotPossible(f"{id_} is over: there is nothing left to cancel.")
        await journal.note(sql, actor=person, action="cancelled", object_=id_, detail={}, now=now)


async def progress(machine: Machine, id_: str) -> Progress:
    row = await batches.one(machine.pool, id_)
    if row is None:
        raise NoSuchBatch(f"There is no batch {id_}.")
    return Progress(row, await batches.progress(machine.pool, id_))


async def listed(machine: Machine, *, cursor: str | None = None, limit: int = 50) -> Slice[Progress]:
    """Newest first."""
    places = Places(Seal(machine.firms.key), "batches")
    rows = await batches.listed(machine.pool, before=places.opened(cursor), limit=limit + 1)
    told = [Progress(row, await batches.progress(machine.pool, row["id"])) for row in rows]
    return places.slice(tuple(told), limit, lambda each: each.row["seq"])


async def items(machine: Machine, id_: str, *, cursor: str | None = None, limit: int = 50) -> Slice[Row]:
    """In the order they are done, each with what became of it."""
    await progress(machine, id_)
    places = Places(Seal(machine.firms.key), f"batches/{id_}")
    after = places.opened(cursor)
    rows = await batches.items(machine.pool, id_, after=-1 if after is None else after, limit=limit + 1)
    return places.slice(tuple(rows), limit, lambda row: row["n"])


async def _begun(machine: Machine, sql: Sql, order: Order) -> dict[str, Any]:
    rows = await _found(sql, order)
    # Workers carry it out, and may everything: what this person may is asked now, or never.
    if order.action == "answer" and not all(four_eyes.may_answer(row) for row in rows):
        raise four_eyes.MayNotApprove
    if order.expect is not None and order.expect != len(rows):
        raise NotPossible(f"The queue has moved: {len(rows):,} holds fit now, not {order.expect:,}. Look again.")
    total = await queue.total(sql, order.wanted)
    id_, now = machine.ids("batch"), machine.clock()
    amounts = {currency: str(amount) for currency, amount in total.amounts.items()}
    new = NewBatch(id_, order.action, order.said, order.wanted.said, order.cause, order.canary, order.person,
                   order.reason, amounts, total.unknown)  # fmt: skip
    await batches.begin(sql, new, _canary_first(rows) if order.canary else rows, now=now)
    detail = {"action": order.action, **order.said, "query": new.query, "holds": len(rows), "reason": order.reason}
    await journal.note(sql, actor=order.person, action="batched", object_=id_, detail=detail, now=now)
    return {"id": id_}


async def _found(sql: Sql, order: Order) -> list[Row]:
    rows = await batches.candidates(sql, order.wanted, limit=MOST + 1)
    if len(rows) > MOST:
        raise NotPossible(f"More than {MOST:,} holds fit: say more of what you want.")
    if not rows:
        raise NotPossible("No open hold fits: there is nothing to do.")
    return rows


def _canary_first(rows: Sequence[Row]) -> list[Row]:
    """The one with the least at risk; one whose amount nobody knows only if all are such."""
    known = [row for row in rows if row["amount"] is not None]
    canary = min(known, key=lambda row: row["amount"]) if known else rows[-1]
    return [canary, *(row for row in rows if row is not canary)]


def _fits(order: Order, row: Row) -> bool:
    match order.action:
        case "release":
            return not row["choices"]
        case "answer":
            return order.choice in row["choices"]
        case _:
            return True


def _refuse_senseless(machine: Machine, order: Order) -> None:
    if order.wanted.state == "closed":
        raise NotPossible("Closed holds are over: nothing can be done to them.")
    if order.action == "answer" and not order.choice:
        raise NotPossible("Say the choice that all of them are answered with.")
    if order.action == "snooze" and (order.until is None or order.until <= machine.clock()):
        raise NotPossible("Say until when they are snoozed: a time that is still to come.")
