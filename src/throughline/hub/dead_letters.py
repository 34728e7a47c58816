"""Dead letters: what fails is set aside at once, tried again a few times by itself, and then left for a person."""

import traceback
from datetime import datetime, timedelta

from throughline.core import exact
from throughline.core.errors import Hold, Retry
from throughline.core.forms import Record
from throughline.store import captures, dead_letters
from throughline.store.database import Row, Sql
from throughline.store.dead_letters import Letter

# Five tries in all; what could pass by itself has passed by then.
PAUSES = (timedelta(seconds=1), timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10))
LONGEST_TRACE = 10_000
# However often it is tried, it stays what it is: only a person changes the data, the mapping or the code.
FOR_GOOD = {"unreadable", "refused"}


class NotUnderstood(Exception):
    """A delivery that makes no sense; the text says why."""


async def delivery(sql: Sql, system: str, capture: int, error: Exception, *, about: tuple[str, str] | None = None,
                   now: datetime) -> None:  # fmt: skip
    """A delivery fails: it is out of the others' way, and comes back by itself or by a person."""
    why = f"cannot be read: {why_of(error)}" if isinstance(error, Hold) else why_of(error)
    kind, key = (_plain(about[0]), _plain(about[1])) if about else (None, None)
    await captures.failed(sql, capture, why)
    await _set_aside(sql, Letter(f"dead-delivery-{capture}", "delivery", cause_of(error), why, trace_of(error),
                                 system=system, kind=kind, key=key, capture=capture), now=now)  # fmt: skip


async def record(sql: Sql, where: tuple[str, str, str], body: Record, error: Exception, *, quiet: bool,
                 now: datetime) -> None:  # fmt: skip
    """A record of a poll fails. It is kept here whole: the poll goes on behind it."""
    system, kind, key = where[0], where[1], _plain(where[2])
    id_ = f"dead-record-{exact.digest(*where)[:12].lower()}"
    said = {"record": body, "quiet": quiet}
    await _set_aside(sql, Letter(id_, "record", cause_of(error), why_of(error), trace_of(error), system=system,
                                 kind=kind, key=key, input=said), now=now)  # fmt: skip


async def run(sql: Sql, row: Row, error: Exception, *, now: datetime) -> None:
    """A run that is a defect. It has a hold, which says when it goes on; this is what whoever mends it needs."""
    said = {"workflow": row["workflow"], "event": row["event_type"], "fields": row["event"]}
    await dead_letters.failed(sql, Letter(of_run(row["id"]), "run", "defect", why_of(error), trace_of(error),
                                          kind=row["workflow"], key=row["subject"], run=row["id"], input=said),
                              now=now)  # fmt: skip


def of_run(id_: str) -> str:
    return f"dead-{id_}"


async def _set_aside(sql: Sql, letter: Letter, *, now: datetime) -> None:
    attempts = await dead_letters.failed(sql, letter, now=now)
    if letter.cause not in FOR_GOOD and attempts <= len(PAUSES):
        await dead_letters.try_again(sql, letter.id, at=now + PAUSES[attempts - 1])


def cause_of(error: Exception) -> str:
    match error:
        case NotUnderstood():
            return "unreadable"
        case Hold():
            return "refused"
        case Retry():
            return "unwell"
        case _:
            return "defect"


def why_of(error: Exception) -> str:
    match error:
        case Hold() | Retry():
            return _plain(error.why)
        case NotUnderstood():
            return _plain(str(error))
        case _:
            return _plain(f"{type(error).__name__}: {error}")


def trace_of(error: Exception) -> str:
    """Where it happened; of a long one the end, which is where it broke."""
    return _plain("".join(traceback.format_exception(error))[-LONGEST_TRACE:])


def _plain(text: str) -> str:
    """As much of a text as PostgreSQL can hold: an error may quote what brought it about."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
