"""`replay` and `replays`: going through again what failed or was gone through before."""

import asyncio
import getpass
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, clock, document, mark, money, out, table, talk
from throughline.cli.where import HERE, Where
from throughline.hub import overview, replaying, replays
from throughline.hub.machine import Machine
from throughline.hub.replays import NoSuchReplay, NotReplayable, Order, Progress
from throughline.store import replays as stored
from throughline.store import workers
from throughline.store.database import Row
from throughline.store.replayable import Wanted

LOOK_SECONDS = 0.5
ALIVE = timedelta(seconds=12)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Which:
    """What is to be gone through again. What is not said does not matter."""

    since: Annotated[datetime | None, Parameter(help="From this moment on. Without an offset it is UTC.")] = None
    until: Annotated[datetime | None, Parameter(help="Before this moment; now, if not said.")] = None
    system: Annotated[str | None, Parameter(help="Only what one system sent, or runs that did something to it.")] = None
    kind: Annotated[str | None, Parameter(help="Only one kind of entity.")] = None
    state: Annotated[str | None, Parameter(help="Only those in one state.")] = None
    text: Annotated[str | None, Parameter(help="Only those that say this.")] = None
    workflow: Annotated[str | None, Parameter(help="Only runs of one workflow.")] = None
    cause: Annotated[
        Literal["unreadable", "refused", "unwell", "defect"] | None, Parameter(help="Only dead letters of one cause.")
    ] = None

    def wanted(self, ids: tuple[str, ...], now: datetime) -> Wanted:
        ends = (_utc(self.until) or now) if self.since or self.until else None
        others = (self.system, self.kind, self.state, self.text, self.workflow, self.cause)
        return Wanted(ids, _utc(self.since), ends, *others)


EVERYTHING = Which()


async def replay(
    *ids: str,
    of: Literal["dead_letters", "runs", "captures"] = "dead_letters",
    which: Which = EVERYTHING,
    reason: str | None = None,
    dry_run: bool = False,
    person: str | None = None,
    json: bool = False,
    where: Where = HERE,
) -> int:
    """Go through dead letters, deliveries or runs again; nothing is done twice.

    Parameters
    ----------
    ids
        Dead letters, deliveries or runs; or any id of an engagement, for all of its runs.
    of
        Where to look, when no ids are given. For runs and captures, say since when.
    reason
        Why; kept in the journal. Needed unless it is a dry run.
    dry_run
        Say what would be sent, per system and with amounts; send nothing.
    person
        Who asks; the user who runs this command if not said.
    json
        One JSON document instead of text.
    """
    if not reason and not dry_run:
        raise Stop("Say why with --reason, or see what would be sent with --dry-run.", Exit.USAGE)
    async with asked(where.settings()) as machine:
        wanted = which.wanted(ids, machine.clock())
        try:
            id_ = await replays.begin(machine, Order(of, wanted, person or getpass.getuser(), reason, dry_run))
        except NotReplayable as error:
            raise Stop(str(error), Exit.FOUND) from error
        told = await _until_over(machine, id_, where)
        items = await stored.items(machine.pool, id_, limit=10_000)
    return _say(told, items, json=json, where=where)


async def list_(*, limit: int = 50, json: bool = False, where: Where = HERE) -> int:
    """Replays, newest first.

    Parameters
    ----------
    limit
        How many at most.
    json
        One JSON document instead of a table.
    """
    async with asked(where.settings()) as machine:
        found = (await overview.replayed(machine, limit=limit)).rows
    if json:
        document("replays", [_said(each) for each in found])
        return Exit.DONE
    if not found:
        talk.print("Nothing was replayed yet.")
        return Exit.DONE
    rows = [
        (each.row["id"], each.row["state"], "dry run" if each.row["dry_run"] else "", str(each.row["total"]),
         str(each.counts.get("left", 0)), clock(each.row["asked_at"]), each.row["reason"])
        for each in found
    ]  # fmt: skip
    table(("replay", "state", "", "items", "left", "since", "why"), rows, flexible=6)
    after(where.again(f"replays show {found[0].row['id']}"))
    return Exit.DONE


async def show(replay: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """One replay: how far it has come, and what is left with its reason.

    Parameters
    ----------
    replay
        The replay's id.
    json
        One JSON document instead of text.
    """
    async with asked(where.settings()) as machine:
        told = await _known(machine, replay)
        items = await stored.items(machine.pool, replay, limit=10_000)
    return _say(told, items, json=json, where=where)


async def cancel(replay: str, /, *, person: str | None = None, json: bool = False, where: Where = HERE) -> int:
    """Begin nothing more of a replay. What has been begun is finished.

    Parameters
    ----------
    replay
        The replay's id.
    person
        Who cancels; the user who runs this command if not said.
    json
        One JSON document instead of text.
    """
    async with asked(where.settings()) as machine:
        try:
            await replays.cancel(machine, replay, person=person or getpass.getuser())
        except NoSuchReplay as error:
            raise Stop(f"{error} See: throughline replays list", Exit.FOUND) from error
        except NotReplayable as error:
            raise Stop(str(error), Exit.CONFLICT) from error
        told = await _known(machine, replay)
    return _say(told, [], json=json, where=where)


async def _known(machine: Machine, id_: str) -> Progress:
    try:
        return await replays.progress(machine, id_)
    except NoSuchReplay as error:
        raise Stop(f"{error} See: throughline replays list", Exit.FOUND) from error


async def _until_over(machine: Machine, id_: str, where: Where) -> Progress:
    """Take turns with the workers. Runs pass in workers alone: without one, what is begun has to wait."""
    while not await replaying.turn(machine, id_):
        told = await replays.progress(machine, id_)
        waiting, under_way = told.counts.get("waiting", 0), told.counts.get("under way", 0)
        talk.print(f"{told.row['total'] - waiting - under_way:,} of {told.row['total']:,}")
        if under_way and not await workers.alive(machine.pool, since=machine.clock() - ALIVE):
            talk.print(f"No worker runs. It goes on when one does: {where.again('up')}")
            return told
        await asyncio.sleep(LOOK_SECONDS)
    return await replays.progress(machine, id_)


def _say(told: Progress, items: list[Row], *, json: bool, where: Where) -> int:
    row, left = told.row, told.counts.get("left", 0)
    if json:
        document("replay", {**_said(told), "items": [dict(each) for each in items]})
    else:
        done = told.counts.get("done", 0)
        what = "would go through" if row["dry_run"] else "went through"
        out.print(f"{row['id']}, {row['state']}: {done:,} of {row['total']:,} {what}, {left:,} left", soft_wrap=True)
        _say_sent(row["summary"])
        _say_left([each for each in items if each["state"] == "left"])
        after(where.again(f"replays show {row['id']}"), where.again("dead-letters list"))
    return Exit.DONE if row["state"] != "running" and not left else Exit.PARTLY


def _say_sent(summary: dict[str, Any]) -> None:
    rows = [
        (each["system"], each["kind"].replace("_", " "), each["operation"], f"{each['count']:,}",
         ", ".join(money(amount["amount"], amount["currency"]) for amount in each["amounts"]))
        for each in summary.get("would_send", ())
    ]  # fmt: skip
    if rows:
        table(("system", "what", "how", "calls", "amount"), rows)
    elif "would_send" in summary:
        out.print("Nothing would be sent.")
    if summary.get("would_stop"):
        out.print(f"{summary['would_stop']:,} would not come to their end. Nothing was sent.")


def _say_left(items: list[Row]) -> None:
    if items:
        table(("", "left", "why"), [(mark("left"), each["what"], each["outcome"]) for each in items[:50]], flexible=2)


def _said(told: Progress) -> dict[str, Any]:
    hidden = {"lease_until", "seq"}
    return {**{name: value for name, value in told.row.items() if name not in hidden}, "counts": told.counts}


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
