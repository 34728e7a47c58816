"""`batches`: one deed for many holds, said beforehand, done item by item."""

import asyncio
import getpass
from collections.abc import Awaitable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from throughline.cli.cut import EVERY_OPEN, Cut, told, utc
from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, clock, document, mark, money, out, table, talk
from throughline.cli.where import HERE, Where
from throughline.hub.desk import batches, batching
from throughline.hub.desk.batches import Action, NoSuchBatch, Order, Preview, Progress
from throughline.hub.firm import FirmErrors
from throughline.hub.holds import NotPossible
from throughline.hub.machine import Machine
from throughline.store import batches as stored
from throughline.store import workers
from throughline.store.database import Row

LOOK_SECONDS = 0.5
ALIVE = timedelta(seconds=12)
MOST_TOLD = 10_000


async def start(action: Action, /, *ids: str, cut: Cut = EVERY_OPEN, reason: str, choice: str | None = None,
                to: str | None = None, until: datetime | None = None, canary: bool = False,
                expect: int | None = None, dry_run: bool = False, person: str | None = None, json: bool = False,
                where: Where = HERE) -> int:  # fmt: skip
    """Do one thing to many holds: release, answer, assign, snooze or resolve them.

    Parameters
    ----------
    action
        What is done to each.
    ids
        Just these holds; otherwise all that fit the options.
    reason
        Why; kept in the journal.
    choice
        With answer: what all of them are answered with.
    to
        With assign: who is to work on them; nobody, if not said.
    until
        With snooze: when they come back. Without an offset it is UTC.
    canary
        The least at risk goes first; the rest when it went through.
    expect
        How many you saw: if there are others by now, nothing begins.
    dry_run
        Say how many that is and what they come to; do nothing.
    person
        Who asks; the user who runs this command if not said.
    json
        One JSON document instead of text.
    """
    order = Order(action, cut.wanted(*ids), person or getpass.getuser(), reason, choice, to,
                  utc(until) if until else None, canary, expect)  # fmt: skip
    return await begin(order, dry_run=dry_run, json=json, where=where)


async def begin(order: Order, *, dry_run: bool, json: bool, where: Where) -> int:
    """Say what it would be about, or begin and wait until it is over."""
    async with asked(where.settings()) as machine:
        if dry_run:
            return _foretell(await _tried(batches.preview(machine, order)), json=json)
        id_ = await _tried(batches.begin(machine, order))
        progress = await _until_over(machine, id_, where)
        items = await stored.items(machine.pool, id_, limit=MOST_TOLD)
    return _say(progress, items, json=json, where=where)


async def list_(*, limit: int = 50, json: bool = False, where: Where = HERE) -> int:
    """Batches, newest first.

    Parameters
    ----------
    limit
        How many at most.
    json
        One JSON document instead of a table.
    """
    async with asked(where.settings()) as machine:
        found = (await batches.listed(machine, limit=limit)).rows
    if json:
        document("batches", [_said(each) for each in found])
        return Exit.DONE
    if not found:
        talk.print("Nothing was done in a batch yet.")
        return Exit.DONE
    rows = [
        (each.row["id"], each.row["state"], each.row["action"], str(each.row["total"]), str(each.counts.get("left", 0)),
         clock(each.row["asked_at"]), each.row["reason"])
        for each in found
    ]  # fmt: skip
    table(("batch", "state", "what", "holds", "left", "since", "why"), rows, flexible=6)
    after(where.again(f"batches show {found[0].row['id']}"))
    return Exit.DONE


async def show(batch: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """One batch: how far it has come, and what is left with its reason.

    Parameters
    ----------
    batch
        The batch's id.
    json
        One JSON document instead of text.
    """
    async with asked(where.settings()) as machine:
        progress = await _tried(batches.progress(machine, batch))
        items = await stored.items(machine.pool, batch, limit=MOST_TOLD)
    return _say(progress, items, json=json, where=where)


async def cancel(batch: str, /, *, person: str | None = None, json: bool = False, where: Where = HERE) -> int:
    """Begin nothing more of a batch. What has been begun is finished.

    Parameters
    ----------
    batch
        The batch's id.
    person
        Who cancels; the user who runs this command if not said.
    json
        One JSON document instead of text.
    """
    async with asked(where.settings()) as machine:
        await _tried(batches.cancel(machine, batch, person=person or getpass.getuser()))
        progress = await batches.progress(machine, batch)
    return _say(progress, [], json=json, where=where)


async def _tried[T](deed: Awaitable[T]) -> T:
    try:
        return await deed
    except NoSuchBatch as error:
        raise Stop(f"{error} See: throughline batches list", Exit.FOUND) from error
    except NotPossible as error:
        raise Stop(str(error), Exit.CONFLICT) from error
    except FirmErrors as error:
        raise Stop(f"{error}\nNothing was begun: correct the folder first.", Exit.CONFIG) from error


async def _until_over(machine: Machine, id_: str, where: Where) -> Progress:
    """Take turns with the workers. Runs pass in workers alone: without one, what is begun has to wait."""
    while True:
        await batching.turn(machine, id_)
        progress = await batches.progress(machine, id_)
        waiting, under_way = progress.counts.get("waiting", 0), progress.counts.get("under way", 0)
        if progress.row["state"] != "running":
            return progress
        talk.print(f"{progress.row['total'] - waiting - under_way:,} of {progress.row['total']:,}")
        if under_way and not await workers.alive(machine.pool, since=machine.clock() - ALIVE):
            talk.print(f"No worker runs. It goes on when one does: {where.again('up')}")
            return progress
        await asyncio.sleep(LOOK_SECONDS)


def _foretell(preview: Preview, *, json: bool) -> int:
    if json:
        document("batch-preview", asdict(preview))
    else:
        unfit = f" {preview.unfit:,} of them would be left: this cannot be done to them." if preview.unfit else ""
        out.print(f"{told(preview.total)}.{unfit} Nothing was done.", soft_wrap=True)
    return Exit.DONE


def _say(progress: Progress, items: list[Row], *, json: bool, where: Where) -> int:
    row, left = progress.row, progress.counts.get("left", 0)
    if json:
        document("batch", {**_said(progress), "items": [dict(each) for each in items]})
        return Exit.PARTLY if left else Exit.DONE
    counts = ", ".join(f"{n:,} {state}" for state, n in sorted(progress.counts.items()))
    sums = ", ".join(money(amount, currency) for currency, amount in sorted(row["amounts"].items()))
    out.print(mark(row["state"]), f"{row['id']}, {row['action']}, {row['state']}: {counts}", markup=False)
    for name, said in (("at risk", sums), ("unknown", f"{row['unknown']} holds" if row["unknown"] else ""),
                       ("asked by", row["asked_by"]), ("because", row["reason"]), ("stopped", row["why"])):  # fmt: skip
        if said:
            out.print(f"  {name:<11} {said}", markup=False, soft_wrap=True)
    unwell = [each for each in items if each["state"] == "left"]
    if unwell:
        table(("hold", "amount", "left because"), [
            (each["hold"], money(each["amount"], each["currency"]) or "unknown", each["outcome"]) for each in unwell
        ], flexible=2)  # fmt: skip
    after(where.again(f"batches show {row['id']}"), *([where.again(f"batches cancel {row['id']}")]
                                                      if row["state"] == "running" else []))  # fmt: skip
    return Exit.PARTLY if left else Exit.DONE


def _said(progress: Progress) -> dict[str, Any]:
    return {**dict(progress.row), "counts": progress.counts}
