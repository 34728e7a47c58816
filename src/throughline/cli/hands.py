"""`holds assign`, `snooze`, `note` and `resolve`: what hands do with one hold."""

import getpass
from collections.abc import Awaitable
from datetime import datetime
from typing import Any

from throughline.cli.cut import utc
from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, document, out
from throughline.cli.where import HERE, Where
from throughline.hub.cancels import NotCancellable
from throughline.hub.desk import correcting, hands
from throughline.hub.holds import NoSuchHold, NotPossible


async def assign(hold: str, to: str | None = None, /, *, reason: str | None = None, person: str | None = None,
                 json: bool = False, where: Where = HERE) -> int:  # fmt: skip
    """Give a hold to somebody; its owner stays who the policy says.

    Parameters
    ----------
    hold
        The hold's id.
    to
        Who is to work on it; nobody, if not said.
    reason
        Why; kept in the journal.
    person
        Who assigns; the user who runs this command if not said.
    json
        One JSON document instead of a sentence.
    """
    async with asked(where.settings()) as machine:
        told = await _tried(hands.assign(machine, hold, to, person=_who(person), reason=reason))
    return _say(told, f"{hold} is {to}'s." if to else f"{hold} is nobody's.", json=json, where=where)


async def snooze(hold: str, until: datetime, /, *, reason: str | None = None, person: str | None = None,
                 json: bool = False, where: Where = HERE) -> int:  # fmt: skip
    """Take a hold out of the queue until a time; then it comes back by itself, with the clock it had.

    Parameters
    ----------
    hold
        The hold's id.
    until
        A day or a time. Without an offset it is UTC.
    reason
        Why; kept in the journal.
    person
        Who snoozes; the user who runs this command if not said.
    json
        One JSON document instead of a sentence.
    """
    async with asked(where.settings()) as machine:
        told = await _tried(hands.snooze(machine, hold, utc(until), person=_who(person), reason=reason))
    return _say(told, f"{hold} comes back on {utc(until):%d %b %Y %H:%M}.", json=json, where=where)


async def note(hold: str, text: str, /, *, person: str | None = None, json: bool = False,
               where: Where = HERE) -> int:  # fmt: skip
    """Tell the next person something about a hold; kept in the journal.

    Parameters
    ----------
    hold
        The hold's id.
    text
        What they should know.
    person
        Who says it; the user who runs this command if not said.
    json
        One JSON document instead of a sentence.
    """
    async with asked(where.settings()) as machine:
        told = await _tried(hands.note(machine, hold, text, person=_who(person)))
    return _say(told, f"{hold}: noted.", json=json, where=where)


async def correct(hold: str, field: str, value: str, /, *, reason: str, person: str | None = None, json: bool = False,
                  where: Where = HERE) -> int:  # fmt: skip
    """Edit a value that could not be sent, checked against the mapping, and release. For this run alone.

    Parameters
    ----------
    hold
        The hold's id.
    field
        Which value, as `holds show` names it.
    value
        What the system is to be told instead; an object or a list as JSON.
    reason
        Why; kept in the journal.
    person
        Who corrects; the user who runs this command if not said.
    json
        One JSON document instead of a sentence.
    """
    async with asked(where.settings()) as machine:
        meant = correcting.typed(value)
        told = await _tried(correcting.correct(machine, hold, field, meant, person=_who(person), reason=reason))
    return _say(told, f"{hold}: {field} is corrected, and the run goes on.", json=json, where=where)


async def resolve(hold: str, /, *, reason: str, person: str | None = None, json: bool = False,
                  where: Where = HERE) -> int:  # fmt: skip
    """It was dealt with elsewhere: the run that waits is over, and sends nothing more.

    Parameters
    ----------
    hold
        The hold's id.
    reason
        What was done instead; kept in the journal.
    person
        Who resolves; the user who runs this command if not said.
    json
        One JSON document instead of a sentence.
    """
    async with asked(where.settings()) as machine:
        told = await _tried(hands.resolve(machine, hold, person=_who(person), reason=reason))
    return _say(told, f"{hold} is resolved: its run is over.", json=json, where=where)


async def _tried(deed: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    try:
        return await deed
    except NoSuchHold as error:
        raise Stop(f"{error} See: throughline holds list", Exit.FOUND) from error
    except (NotPossible, NotCancellable) as error:
        raise Stop(str(error), Exit.CONFLICT) from error


def _say(told: dict[str, Any], sentence: str, *, json: bool, where: Where) -> int:
    if json:
        document("hold-action", {"action": told["how"], "hold": told["id"], "run": told["run"], "by": told["by"]})
    else:
        out.print(sentence, markup=False, soft_wrap=True)
        after(where.again(f"holds show {told['id']}"))
    return Exit.DONE


def _who(person: str | None) -> str:
    return person or getpass.getuser()
