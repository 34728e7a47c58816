"""Replays: what was taken in or gone through before is gone through again, customers before contracts before projects.

Going through again is safe: what systems agreed to is not sent twice. A dry run plans each item and sends nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from throughline.core import dependencies
from throughline.core.money import Money
from throughline.hub.machine import Machine
from throughline.hub.once import Once
from throughline.store import engagements, journal, replayable, replays
from throughline.store.database import Row, transaction
from throughline.store.replayable import Wanted
from throughline.store.replays import Item

type Source = Literal["dead_letters", "runs", "captures"]

MOST = 10_000
# After everything that is only taken in come the runs, which need what was taken in.
RUNS_FROM = 1_000


class NoSuchReplay(LookupError):
    """There is no replay of that id."""


class NotReplayable(Exception):
    """Nothing fits, or too much, or too little was said; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asks for."""

    of: Source
    wanted: Wanted
    person: str
    reason: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """A replay, and how many of its items stand how."""

    row: Row
    counts: dict[str, int]


async def begin(machine: Machine, order: Order, *, once: Once | None = None) -> str:
    """Write down what is to be gone through again; workers do the rest. Returns its id."""
    items = _in_order(await _found(machine, order))
    now = machine.clock()
    async with transaction(machine.pool) as sql:
        if once and (told := await once.before(sql)):
            return told["id"]
        id_ = machine.ids("replay")
        query = {"of": order.of, **_said(order.wanted)}
        await replays.begin(sql, id_, items, query=query, dry_run=order.dry_run, asked_by=order.person,
                            reason=order.reason, now=now)  # fmt: skip
        detail = {"reason": order.reason, "query": query, "items": len(items), "dry_run": order.dry_run}
        await journal.note(sql, actor=order.person, action="replayed", object_=id_, detail=detail, now=now)
        if once:
            await once.keep(sql, {"id": id_}, now=now)
    return id_


async def cancel(machine: Machine, id_: str, *, person: str) -> None:
    """What has not been begun is left; what has been begun is finished."""
    row = (await progress(machine, id_)).row
    now = machine.clock()
    async with transaction(machine.pool) as sql:
        if not await replays.finish(sql, id_, state="cancelled", summary=row["summary"], now=now):
            raise NotReplayable(f"{id_} is over: there is nothing left to cancel.")
        await replays.leave_waiting(sql, id_, why=f"cancelled by {person}", now=now)
        await journal.note(sql, actor=person, action="cancelled", object_=id_, detail={}, now=now)


async def progress(machine: Machine, id_: str) -> Progress:
    row = await replays.one(machine.pool, id_)
    if row is None:
        raise NoSuchReplay(f"There is no replay {id_}.")
    return Progress(row, await replays.progress(machine.pool, id_))


async def summary(machine: Machine, id_: str) -> dict[str, Any]:
    """What a dry run would send, per system, kind and operation, with the amounts; and what would stop it."""
    sent: Counter[tuple[str, str, str]] = Counter()
    worth: dict[tuple[str, str, str], dict[str, Money]] = defaultdict(dict[str, Money])
    stopped, after = 0, -1
    while rows := await replays.items(machine.pool, id_, after=after, limit=500):
        after = rows[-1]["n"]
        for preview in (each for row in rows if row["detail"] for each in row["detail"]["runs"]):
            stopped += bool(preview["stops"] or preview["defect"])
            for effect in preview["effects"]:
                what = (effect["system"], effect["kind"], effect["operation"])
                sent[what] += 1
                if effect["amount"]:
                    _add(worth[what], Money.model_validate(effect["amount"]))
    return {
        "would_send": [
            {"system": system, "kind": kind, "operation": operation, "count": sent[system, kind, operation],
             "amounts": [each.model_dump(mode="json") for each in worth[system, kind, operation].values()]}
            for system, kind, operation in sorted(sent)
        ],
        "would_stop": stopped,
    }  # fmt: skip


async def _found(machine: Machine, order: Order) -> list[tuple[str, str, int]]:
    """(source, what, rank) of everything that fits."""
    wanted, pool = order.wanted, machine.pool
    if wanted.ids:
        return await _named(machine, wanted.ids)
    match order.of:
        case "dead_letters":
            found = [_letter(row) for row in await replayable.dead_letters(pool, wanted, limit=MOST + 1)]
        case "runs":
            rows = await replayable.runs(pool, _within(wanted, order.of), limit=MOST + 1)
            found = [_run(row["id"], row["subject"]) for row in rows]
        case "captures":
            rows = await replayable.captures(pool, _within(wanted, order.of), limit=MOST + 1)
            found = [("capture", str(row["id"]), 0) for row in rows]
    if len(found) > MOST:
        raise NotReplayable(f"More than {MOST:,} fit: say more of what you want, or a shorter time.")
    if not found:
        raise NotReplayable("Nothing fits that is there to be gone through again.")
    return found


async def _named(machine: Machine, ids: Sequence[str]) -> list[tuple[str, str, int]]:
    """Dead letters, deliveries, runs, or anything an engagement is known by."""
    pool = machine.pool
    found = [_letter(row) for row in await replayable.dead_letters_named(pool, ids)]
    numbers = [int(each) for each in ids if each.isascii() and each.isdigit() and len(each) < 19]
    found += [("capture", str(row["id"]), 0) for row in await replayable.captures_named(pool, numbers)]
    others = [each for each in ids if not each.startswith(("dead-", "run-"))]
    behind = await engagements.behind(pool, others) if others and not found else []
    rows = await replayable.runs_named(pool, [*(each for each in ids if each.startswith("run-")), *behind])
    found += [_run(row["id"], row["subject"]) for row in rows]
    if not found:
        raise NotReplayable(f"Nothing that can be gone through again is known as {', '.join(ids)}.")
    return found


def _within(wanted: Wanted, of: Source) -> Wanted:
    if wanted.since is None or wanted.until is None:
        raise NotReplayable(f"Say since when, and until when, {of} are to be gone through again; or name their ids.")
    return wanted


def _letter(row: Row) -> tuple[str, str, int]:
    if row["source"] == "run":
        return _run(row["run"], row["key"] or "")
    return "dead_letter", row["id"], dependencies.rank(row["kind"])


def _run(id_: str, subject: str) -> tuple[str, str, int]:
    return "run", id_, RUNS_FROM + dependencies.rank(dependencies.kind_of(subject))


def _in_order(found: Sequence[tuple[str, str, int]]) -> list[Item]:
    """Each thing once; what others need comes before them, and otherwise it stays in the order it came."""
    once = dict.fromkeys(found)
    ordered = sorted(once, key=lambda each: each[2])
    return [Item(n, rank, source, what) for n, (source, what, rank) in enumerate(ordered)]


def _said(wanted: Wanted) -> dict[str, Any]:
    told = {name: value for name, value in asdict(wanted).items() if value}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in told.items()}


def _add(sums: dict[str, Money], money: Money) -> None:
    sums[money.currency] = sums[money.currency] + money if money.currency in sums else money
