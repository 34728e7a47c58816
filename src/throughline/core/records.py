"""A record: where a value stands in it, and what it says, read strictly or not at all."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from throughline.core.money import Money, exact, plain

type Record = dict[str, Any]


class Unreadable(ValueError):
    """A value arrived, or must be sent, for which the mapping has no spelling."""


def dig(record: Record, path: str) -> tuple[bool, Any]:
    """`dig({"a": {"b": 1}}, "a.b")` is (True, 1); a step that is not there is (False, None)."""
    found: Any = record
    for step in path.split("."):
        if not isinstance(found, dict) or step not in found:
            return False, None
        found = found[step]
    return True, found


def bury(record: Record, path: str, value: Any) -> None:
    """The opposite of `dig`: `bury(r, "a.b", 1)` makes r["a"]["b"] 1."""
    *steps, last = path.split(".")
    for step in steps:
        record = record.setdefault(step, {})
    record[last] = value


def decimal(value: Any) -> Decimal:
    """Exactly what was written. A JSON number is read by its digits, so 0.1 stays 0.1."""
    try:
        return exact(str(value) if isinstance(value, float) else value)
    except ValueError as error:
        raise Unreadable(f"is {value!r}, not a number we can keep") from error


def whole(value: Any) -> int:
    number = decimal(value)
    if number != number.to_integral_value():
        raise Unreadable(f"is {value!r}, not a whole number")
    return int(number)


def day(value: Any) -> str:
    """The day of a date or of a date-time, as it is written; nothing that merely begins like one."""
    text = str(value)
    try:
        if len(text) == len("2026-01-31") and text[4:8:3] == "--":
            return date.fromisoformat(text).isoformat()
        return moment(text, naive=True).date().isoformat()
    except ValueError:
        raise Unreadable(f"is {value!r}, not a date such as 2026-01-31") from None


def moment(value: Any, *, naive: bool = False) -> datetime:
    text = str(value)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    # Python also reads "20260131" and week dates as moments; from a vendor those are something else.
    if found is None or text[10:11] not in {"T", " "} or text[4:8:3] != "--":
        raise Unreadable(f"is {value!r}, not a moment such as 2026-01-31T12:00:00Z")
    if found.tzinfo is None and not naive:
        raise Unreadable(f"is {value!r}, a moment without an offset")
    return found


def in_utc(when: datetime) -> str:
    try:
        return when.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        raise Unreadable(f"is {when.isoformat()!r}, outside the years we can write in UTC") from None


def money(amount: Decimal, currency: str) -> dict[str, str]:
    try:
        return Money(amount=amount, currency=currency).model_dump(mode="json")
    except ValueError:
        raise Unreadable(f"is {plain(amount)} in {currency!r}, which is not a currency in use") from None


def listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Unreadable(f"is {value!r}, where a list belongs")
    return value
