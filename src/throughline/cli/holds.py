"""`holds`: the exception queue."""

import getpass
import shlex
from dataclasses import replace
from typing import Any

from rich.text import Text

from throughline.cli.cut import EVERY_OPEN, Cut, told
from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, clock, document, mark, money, out, table, talk
from throughline.cli.where import HERE, Where
from throughline.core import exact
from throughline.hub import holds as hub_holds
from throughline.hub.desk import background, queue
from throughline.hub.desk.background import Background
from throughline.hub.firm import FirmErrors
from throughline.hub.four_eyes import NotByOne
from throughline.hub.holds import NoSuchHold, NotPossible
from throughline.store import holds
from throughline.store.database import Row


async def list_(*, cut: Cut = EVERY_OPEN, closed: bool = False, limit: int = 50, json: bool = False,
                where: Where = HERE) -> int:  # fmt: skip
    """What waits for a person, by money at risk and then by clock.

    Parameters
    ----------
    closed
        The closed ones; the same as --state closed.
    limit
        How many at most.
    json
        One JSON document instead of a table.
    """
    wanted = replace(cut, state="closed").wanted() if closed else cut.wanted()
    async with asked(where.settings()) as machine:
        rows = (await queue.page(machine, wanted, limit=limit)).rows
        total = await queue.total(machine.pool, wanted)
    if json:
        document("holds", [dict(row) for row in rows])
        return Exit.DONE
    if not rows:
        talk.print("Nothing is held." if wanted == EVERY_OPEN.wanted() else "No hold is like that.")
        return Exit.DONE
    table(
        ("hold", "amount", "owner", "since", "why"),
        [(r["id"], _risk(r), r["owner"], clock(r["opened_at"]), r["why"]) for r in rows],
        flexible=4,
    )
    out.print(told(total), soft_wrap=True)
    after(where.again(f"holds show {rows[0]['id']}"), where.again("causes list"))
    return Exit.DONE


async def show(hold: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """One hold: why, for whom, what it costs, and what to do.

    Parameters
    ----------
    hold
        The hold's id.
    json
        One JSON document instead of text.
    """
    async with asked(where.settings()) as machine:
        row = await holds.one(machine.pool, hold)
        known = await background.of_hold(machine, row) if row else None
    if row is None or known is None:
        raise Stop(f"There is no hold {hold}. See: throughline holds list", Exit.FOUND)
    if json:
        document("hold", {**dict(row), "journal": [dict(each) for each in known.notes], "ways": known.ways,
                          "difference": known.difference})  # fmt: skip
        return Exit.DONE
    _tell(row)
    _tell_background(known)
    if row["system"]:
        after(where.again("status"), *([where.again(f"holds release {hold}")] if row["state"] == "open" else []))
    elif row["state"] == "closed":
        after(where.again(f"trace {row['correlation']}"))
    elif row["choices"]:
        after(*(where.again(f"holds answer {hold} {shlex.quote(choice)}") for choice in row["choices"]))
    else:
        after(where.again(f"holds release {hold}"), where.again(f"trace {row['correlation']}"))
    return Exit.DONE


def _risk(row: Row) -> str:
    return money(row["amount"], row["currency"]) or "unknown"


def _tell(row: Row) -> None:
    out.print(
        Text.assemble(mark("held" if row["state"] == "open" else "done"), " ", (row["why"], "bold")), soft_wrap=True
    )
    for name, said in (
        ("hold", f"{row['id']}, {row['state']}"),
        ("owner", row["owner"]),
        ("at risk", _risk(row)),
        ("since", clock(row["opened_at"])),
        ("engagement", row["correlation"]),
        ("system", row["system"]),
        ("waiting", f"{row['waiting']} runs" if row["waiting"] else ""),
        ("fix", row["fix"]),
        ("cause", f"{row['cause']}{', came back after it was resolved' if row['regressed'] else ''}"),
        ("stuck at", row["at_system"]),
        ("assigned to", row["assignee"]),
        ("snoozed", f"until {clock(row['snoozed_until'])}" if row["snoozed_until"] else ""),
        ("closed", f"{clock(row['closed_at'])}, {row['closed_how']}" if row["closed_at"] else ""),
    ):
        if said:
            out.print(f"  {name:<11} {said}", markup=False, soft_wrap=True)
    if row["candidates"]:
        fields = list(dict.fromkeys(name for each in row["candidates"] for name in each))
        out.print()
        table(("", *(f"{n}" for n in range(1, len(row["candidates"]) + 1))),
              [(name, *(each.get(name, "") for each in row["candidates"])) for name in fields])  # fmt: skip


def _tell_background(known: Background) -> None:
    if known.difference:
        out.print()
        there = f"{known.difference.system} holds"
        table((known.difference.kind, there, "we wanted to send"), [
            (each.name, _short(each.held), _short(each.wanted)) for each in known.difference.fields
        ], flexible=2)  # fmt: skip
    for way in known.ways:
        said = f"{way.words}: {way.times} times, {way.worked} went through, {way.came_back} came back"
        out.print(f"  {'before':<11} {said}", markup=False, soft_wrap=True)
    for each in known.notes:
        words = each["detail"].get("text") or each["detail"].get("reason") or ""
        said = f"{clock(each['at'])} {each['actor']} {each['action']}{f': {words}' if words else ''}"
        out.print(f"  {'journal':<11} {said}", markup=False, soft_wrap=True)


def _short(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else exact.dumps(value)


async def answer(hold: str, choice: str, /, *, reason: str | None = None, person: str | None = None,
                 json: bool = False, where: Where = HERE) -> int:  # fmt: skip
    """Answer the question a hold asks; the run goes on.

    Parameters
    ----------
    hold
        The hold's id.
    choice
        One of its choices, as `holds show` lists them.
    reason
        Why; kept in the journal.
    person
        Who answers; the user who runs this command if not said.
    json
        One JSON document instead of a sentence.
    """
    return await _act("answer", hold, choice, reason=reason, person=person, json=json, where=where)


async def release(hold: str, /, *, reason: str | None = None, person: str | None = None, json: bool = False,
                  where: Where = HERE) -> int:  # fmt: skip
    """Run again, now that the cause is corrected. Nothing is done twice.

    Parameters
    ----------
    hold
        The hold's id.
    reason
        Why; kept in the journal.
    person
        Who releases; the user who runs this command if not said.
    json
        One JSON document instead of a sentence.
    """
    return await _act("release", hold, None, reason=reason, person=person, json=json, where=where)


async def _act(verb: str, hold: str, choice: str | None, *, reason: str | None, person: str | None, json: bool,
               where: Where) -> int:  # fmt: skip
    who = person or getpass.getuser()
    async with asked(where.settings()) as machine:
        try:
            if choice is None:
                row = await hub_holds.release(machine, hold, person=who, reason=reason)
            else:
                row = await hub_holds.answer(machine, hold, choice, person=who, reason=reason)
        except NoSuchHold as error:
            raise Stop(f"{error} See: throughline holds list", Exit.FOUND) from error
        except (NotPossible, NotByOne) as error:
            raise Stop(str(error), Exit.CONFLICT) from error
        except FirmErrors as error:
            raise Stop(f"{error}\nThe hold was not released: correct the folder first.", Exit.CONFIG) from error
    if json:
        document("hold-action", {"action": verb, "hold": row["id"], "run": row["run"], "by": who})
    else:
        goes_on = "whatever waits for it goes" if row["system"] else "the run goes"
        out.print(f"{hold}: {row['how']} by {who}; {goes_on} on.", markup=False, soft_wrap=True)
        after(where.again("status" if row["system"] else f"trace {row['correlation']}"))
    return Exit.DONE
