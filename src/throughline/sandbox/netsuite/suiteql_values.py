"""Values in SuiteQL: how they compare, what functions make of them, and how they leave.

The trap: `lastmodifieddate` is a moment, but TO_DATE and TO_TIMESTAMP give a time on the wall of the *account*, and a
value that is not formatted comes out as M/D/YYYY. Safe both ways, whatever the account's time zone is:

    SELECT TO_CHAR(SYS_EXTRACT_UTC(lastmodifieddate), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS changed FROM customer
    WHERE SYS_EXTRACT_UTC(lastmodifieddate) >= TO_TIMESTAMP('2026-01-31 12:00:00', 'YYYY-MM-DD HH24:MI:SS')

or, for the comparison, `lastmodifieddate >= TO_TIMESTAMP_TZ('2026-01-31T12:00:00+00:00',
'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM')`.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from throughline.sandbox.netsuite.oracle_dates import account_date, format_date, parse_date
from throughline.sandbox.netsuite.suiteql_words import unsupported
from throughline.sandbox.netsuite.wire import plain

type Value = str | Decimal | date | None

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Values:
    """Values as one account, in one time zone, at one moment sees them."""

    zone: ZoneInfo
    now: datetime

    def compare(self, said: str, left: Value, right: Value) -> bool | None:
        """None when either is null: then it is neither true nor false."""
        if left is None or right is None:
            return None
        return _OPERATORS[said](*self._alike(left, right))

    def sortable(self, value: Value) -> Any:
        return self._instant(value) if isinstance(value, date) else value

    def shown(self, value: Value) -> str | None:
        match value:
            case Decimal():
                return plain(value)
            case datetime():
                return account_date(self._wall(value))
            case date():
                return account_date(value)
            case _:
                return value

    def functions(self) -> Mapping[str, Callable[..., Value]]:
        return {
            "UPPER": self._upper,
            "LOWER": self._lower,
            "TRIM": self._trim,
            "NVL": _coalesce,
            "COALESCE": _coalesce,
            "TO_CHAR": self._to_char,
            "TO_NUMBER": _to_number,
            "TO_DATE": self._to_date,
            "TO_TIMESTAMP": self._to_date,
            "TO_TIMESTAMP_TZ": self._to_moment,
            "SYS_EXTRACT_UTC": _utc,
            "TRUNC": self._trunc,
            "SYSDATE": self._sysdate,
            "SYSTIMESTAMP": self._systimestamp,
            "CURRENT_TIMESTAMP": self._systimestamp,
        }

    def _upper(self, value: Value) -> Value:
        return (self.shown(value) or "").upper() or None

    def _lower(self, value: Value) -> Value:
        return (self.shown(value) or "").lower() or None

    def _trim(self, value: Value) -> Value:
        return (self.shown(value) or "").strip() or None

    def _trunc(self, value: Value) -> Value:
        return self._wall(value).date() if isinstance(value, datetime) else value

    def _sysdate(self) -> Value:
        return self._wall(self.now).replace(tzinfo=None)

    def _systimestamp(self) -> Value:
        return self.now

    def _alike(self, left: Any, right: Any) -> tuple[Any, Any]:
        if isinstance(left, date) or isinstance(right, date):
            return self._instant(left), self._instant(right)
        if isinstance(left, Decimal) or isinstance(right, Decimal):
            return _number(left), _number(right)
        return left, right

    def _instant(self, value: Any) -> datetime:
        """A bare time is one on the wall of the account."""
        if isinstance(value, str):
            value = parse_date(value, "MM/DD/YYYY")
        if not isinstance(value, date):
            raise unsupported(f"'{value}' is not a date")
        if not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the zone follows
        return (value if value.tzinfo else value.replace(tzinfo=self.zone)).astimezone(UTC)

    def _wall(self, value: datetime) -> datetime:
        return value.astimezone(self.zone) if value.tzinfo else value

    def _to_char(self, value: Value, format_: str | None = None) -> Value:
        if value is None or not isinstance(value, date) or format_ is None:
            return self.shown(value)
        return format_date(self._wall(value) if isinstance(value, datetime) else value, format_)

    def _to_date(self, value: Value, format_: str = "MM/DD/YYYY") -> Value:
        if value is None or isinstance(value, date):
            return value
        parsed = parse_date(str(value), format_)
        if parsed.tzinfo:
            raise unsupported("a format with a time zone belongs to TO_TIMESTAMP_TZ")
        return parsed

    def _to_moment(self, value: Value, format_: str = "MM/DD/YYYY") -> Value:
        if value is None or isinstance(value, date):
            return value
        parsed = parse_date(str(value), format_)
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=self.zone)


def like(pattern: str) -> Callable[[str], bool]:
    wanted = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern)
    compiled = re.compile(wanted, re.DOTALL)
    return lambda value: compiled.fullmatch(value) is not None


def _coalesce(*values: Value) -> Value:
    return next((value for value in values if value is not None), None)


def _to_number(value: Value) -> Value:
    return None if value is None else _number(value)


def _utc(value: Value) -> Value:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value


def _number(value: Any) -> Decimal:
    try:
        return Decimal(value)
    except (InvalidOperation, TypeError):
        raise unsupported(f"'{value}' is not a number") from None
