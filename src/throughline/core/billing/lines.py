"""A time entry as a line of JSON: decoded quickly when it is plain, by the canonical model when it is not."""

from datetime import datetime
from typing import Annotated

import msgspec
from pydantic import ValidationError

from throughline.core.billing.outcome import Held
from throughline.core.entities import TimeEntry
from throughline.core.money import Money


class ApprovalPart(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    state: str
    by: str | None = None
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    note: str | None = None


class MoneyPart(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    amount: str
    currency: str


class Line(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The canonical time entry's own fields. It is stricter than that: what it refuses is asked of the model itself."""

    id: str
    project: str
    resource: str
    day: str
    hours: str
    billable: bool
    task: str | None = None
    timesheet: str | None = None
    role: str | None = None
    overtime: bool | None = None
    rate: MoneyPart | None = None
    cost_rate: MoneyPart | None = None
    note: str | None = None
    approval: ApprovalPart | None = None


class Reference(msgspec.Struct):
    """Just enough of a line to say which it is."""

    id: str = ""


DECODER = msgspec.json.Decoder(Line)
_REFERENCE = msgspec.json.Decoder(Reference)


def parsed(raw: bytes, number: int) -> TimeEntry | Held:
    """The entry, or everything that is wrong with the line at once."""
    try:
        return TimeEntry.model_validate_json(raw)
    except ValidationError as refused:
        return Held(
            _reference(raw, number), _why(refused), "Correct the line in the system it comes from; send it again."
        )


def entry_of(line: Line) -> TimeEntry:
    """The canonical entry of a line that was decoded quickly."""
    return TimeEntry.model_validate_json(msgspec.json.encode(line))


def line_of(entry: TimeEntry) -> Line:
    """The other way round, for an entry that was not plain enough to be decoded quickly."""
    return msgspec.json.decode(entry.model_dump_json(), type=Line)


def true_money(part: MoneyPart) -> bool:
    """Whether the model would take this as money."""
    try:
        Money.of(part.amount, part.currency)
    except ValueError:
        return False
    return True


def _reference(raw: bytes, number: int) -> str:
    try:
        return _REFERENCE.decode(raw).id or f"line {number}"
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return f"line {number}"


def _why(refused: ValidationError) -> str:
    said = (
        f"{'.'.join(str(step) for step in error['loc']) or 'the line'}: {error['msg'].removeprefix('Value error, ')}"
        for error in refused.errors(include_url=False, include_context=False)
    )
    return "; ".join(said)
