"""`causes`: what holds have in common, what worked before, and how people regroup them."""

import getpass
import shlex
from collections.abc import Awaitable
from dataclasses import asdict

from throughline.cli.batches import begin
from throughline.cli.cut import EVERY_OPEN, Cut, told
from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, clock, document, mark, out, table, talk
from throughline.cli.where import HERE, Where
from throughline.hub.desk import batches, causes, queue
from throughline.hub.desk.causes import Found, NoSuchCause
from throughline.hub.holds import NotPossible


async def list_(*, cut: Cut = EVERY_OPEN, json: bool = False, where: Where = HERE) -> int:
    """What the holds have in common, most money first.

    Parameters
    ----------
    json
        One JSON document instead of a table.
    """
    async with asked(where.settings()) as machine:
        found = await queue.groups(machine, cut.wanted())
    if json:
        document("causes", [{**dict(each.cause), "totals": asdict(each.total)} for each in found])
        return Exit.DONE
    if not found:
        talk.print("Nothing is held.")
        return Exit.DONE
    table(
        ("cause", "state", "comes to", "since", "what"),
        [(each.cause["id"], each.cause["state"], told(each.total), clock(each.since), each.cause["pattern"])
         for each in found],
        flexible=4,
    )  # fmt: skip
    after(where.again(f"causes show {found[0].cause['id']}"))
    return Exit.DONE


async def show(cause: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """One cause: why its holds are one group, what they come to, and what worked before.

    Parameters
    ----------
    cause
        The cause's id.
    json
        One JSON document instead of text.
    """
    async with asked(where.settings()) as machine:
        found = await _tried(causes.one(machine, cause))
    if json:
        best = found.best.words if found.best else None
        document("cause", {**dict(found.row), "why_grouped": causes.why_grouped(found.row), "best": best,
                           "totals": asdict(found.total), "ways": [asdict(way) for way in found.ways],
                           "merged": [row["id"] for row in found.merged]})  # fmt: skip
        return Exit.DONE
    _tell(found)
    if found.total.holds:
        choice = f" --choice {shlex.quote(found.best.choice)}" if found.best and found.best.choice else ""
        after(where.again(f"holds list --cause {cause}"), where.again(f'causes clear {cause}{choice} --reason "..."'))
    return Exit.DONE


async def merge(cause: str, into: str, /, *, reason: str, person: str | None = None, where: Where = HERE) -> int:
    """It is the same as another: what has it, now and later, belongs there.

    Parameters
    ----------
    cause
        The cause that is the same as another.
    into
        The other.
    reason
        Why; kept in the journal.
    person
        Who merges; the user who runs this command if not said.
    """
    async with asked(where.settings()) as machine:
        moved = await _tried(causes.merge(machine, cause, into=into, person=person or getpass.getuser(), reason=reason))
    out.print(f"{cause} is {into} from now on; {moved} open holds moved.")
    after(where.again(f"causes show {into}"))
    return Exit.DONE


async def part(cause: str, /, *, reason: str, person: str | None = None, where: Where = HERE) -> int:
    """What was merged into a cause goes by itself again.

    Parameters
    ----------
    cause
        The cause that others were merged into.
    reason
        Why; kept in the journal.
    person
        Who parts them; the user who runs this command if not said.
    """
    async with asked(where.settings()) as machine:
        moved = await _tried(causes.part(machine, cause, person=person or getpass.getuser(), reason=reason))
    out.print(f"{moved} open holds went back to their own causes.")
    after(where.again("causes list"))
    return Exit.DONE


async def split(cause: str, /, *holds: str, reason: str, person: str | None = None, where: Where = HERE) -> int:
    """Some of its holds become a group of their own.

    Parameters
    ----------
    cause
        The cause they are taken out of.
    holds
        The holds that do not belong there.
    reason
        Why; kept in the journal.
    person
        Who splits; the user who runs this command if not said.
    """
    async with asked(where.settings()) as machine:
        new = await _tried(causes.split(machine, cause, holds, person=person or getpass.getuser(), reason=reason))
    out.print(f"{new}: {len(holds)} holds taken out of {cause}.")
    after(where.again(f"causes show {new}"))
    return Exit.DONE


async def resolve(cause: str, /, *, reason: str, person: str | None = None, where: Where = HERE) -> int:
    """It is mended for good, and nothing of it is open. Whatever comes with it later has regressed.

    Parameters
    ----------
    cause
        The cause's id.
    reason
        How it was mended; kept in the journal.
    person
        Who resolves; the user who runs this command if not said.
    """
    async with asked(where.settings()) as machine:
        await _tried(causes.resolve(machine, cause, person=person or getpass.getuser(), reason=reason))
    out.print(f"{cause} is resolved.")
    return Exit.DONE


async def clear(cause: str, /, *, reason: str, choice: str | None = None, dry_run: bool = False,
                person: str | None = None, json: bool = False, where: Where = HERE) -> int:  # fmt: skip
    """Fixed once: the hold with the least at risk goes on first, all the others when it went through.

    Parameters
    ----------
    cause
        The cause that was mended.
    reason
        How; kept in the journal.
    choice
        Answer with it instead of releasing.
    dry_run
        Say how many that is and what they come to; do nothing.
    person
        Who clears; the user who runs this command if not said.
    json
        One JSON document instead of text.
    """
    order = batches.clearing(cause, person=person or getpass.getuser(), reason=reason, choice=choice)
    return await begin(order, dry_run=dry_run, json=json, where=where)


async def _tried[T](deed: Awaitable[T]) -> T:
    try:
        return await deed
    except NoSuchCause as error:
        raise Stop(f"{error} See: throughline causes list", Exit.FOUND) from error
    except NotPossible as error:
        raise Stop(str(error), Exit.CONFLICT) from error


def _tell(found: Found) -> None:
    row = found.row
    state = {"open": "held", "regressed": "held"}.get(row["state"], "done")
    out.print(mark(state), row["pattern"], markup=False, soft_wrap=True)
    for name, said in (
        ("cause", f"{row['id']}, {row['state']}"),
        ("grouped", causes.why_grouped(row)),
        ("merged", ", ".join(each["id"] for each in found.merged)),
        ("part of", row["merged_into"]),
        ("comes to", told(found.total)),
        *(("tried", f"{w.words}: {w.times} times, {w.worked} went through, {w.came_back} came back")
          for w in found.ways),
        *(("worked", f"{each['reason']} ({each['person']}, {clock(each['at'])})") for each in found.worked),
        ("resolved", row["reason"]),
    ):  # fmt: skip
        if said:
            out.print(f"  {name:<11} {said}", markup=False, soft_wrap=True)
