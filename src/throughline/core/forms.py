"""How values are spelled: each form reads their spelling into ours and writes it back.

On our side every value is JSON, in the one spelling our entities print themselves in: money is {"amount", "currency"}
with a string, a day is "2026-01-31", a decimal is a string. So what means the same compares as the same. What cannot be
read is `Unreadable`, never a default.
"""

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from throughline.core.errors import Hold
from throughline.core.money import Money, exact, plain
from throughline.core.records import Record, Unreadable, day, decimal, dig, in_utc, moment, money, whole


class Names(Protocol):
    """What a record needs to be understood: who is who between us and one system, and the firm's tables."""

    def our_id(self, kind: str, key: str) -> str | None: ...
    def their_key(self, kind: str, id_: str) -> str | None: ...
    def in_table(self, table: str, column: str, *, where: Dict[str, str]) -> str | None: ...


class Form(Protocol):
    """A spelling. `record`/`fields` are there for forms whose value is spread over two fields."""

    def read(self, value: Any, record: Record, names: Names, /) -> Any: ...
    def write(self, value: Any, fields: Dict[str, Any], names: Names, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Same:
    """Text, written over there as it is written here."""

    def read(self, value: Any, _record: Record, _names: Names) -> Any:
        if isinstance(value, (dict, list)):
            raise Unreadable(f"is {value!r}, where a plain value belongs")
        return value if isinstance(value, bool) else str(value)

    def write(self, value: Any, _fields: Dict[str, Any], _names: Names) -> Any:
        return value


SAME = Same()


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal: a string with us, a JSON number or a string with them. `exact.dumps` keeps every digit."""

    as_text: bool = False

    def read(self, value: Any, _record: Record, _names: Names) -> str:
        return plain(decimal(value))

    def write(self, value: Any, _fields: Dict[str, Any], _names: Names) -> Any:
        number = decimal(value)
        if self.as_text:
            return plain(number)
        return int(number) if number == number.to_integral_value() else number


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    def read(self, value: Any, _record: Record, _names: Names) -> int:
        return whole(value)

    def write(self, value: Any, _fields: Dict[str, Any], _names: Names) -> int:
        return whole(value)


@dataclass(frozen=True, slots=True)
class Minutes:
    """Hours with us, whole minutes with them."""

    def read(self, value: Any, _record: Record, _names: Names) -> str:
        return plain(exact(decimal(value) / 60))

    def write(self, value: Any, _fields: Dict[str, Any], _names: Names) -> int:
        return round(decimal(value) * 60)


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no, in their spelling."""

    yes: Any = True
    no: Any = False

    def read(self, value: Any, _record: Record, _names: Names) -> bool:
        # The type counts: for Python 1 is True, for a vendor it is not.
        for spelled, meant in ((self.yes, True), (self.no, False)):
            if type(value) is type(spelled) and value == spelled:
                return meant
        raise Unreadable(f"is {value!r}, neither {self.yes!r} nor {self.no!r}")

    def write(self, value: Any, _fields: Dict[str, Any], _names: Names) -> Any:
        if not isinstance(value, bool):
            raise Unreadable(f"is {value!r}, neither true nor false")
        return self.yes if value else self.no


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day; a date-time's day is taken as it is written."""

    def read(self, value: Any, _record: Record, _names: Names) -> str:
        return day(value)

    def write(self, value: Any, _fields: Dict[str, Any], _names: Names) -> str:
        return day(value)


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment, kept in UTC; written to the second."""

    def read(self, value: Any, _record: Record, _names: Names) -> str:
        return in_utc(moment(value))

    def write(self, value: Any, _fields: Dict[str, Any], _names: Names) -> str:
        return in_utc(moment(value).replace(microsecond=0))


@dataclass(frozen=True, slots=True)
class Choice:
    """A picklist. A value without a row is refused, never passed through."""

    ours_by_theirs: Dict[str, str]

    def read(self, value: Any, _record: Record, _names: Names) -> str:
        if str(value) not in self.ours_by_theirs:
            raise Unreadable(f"is {value!r}, which is not one of {', '.join(sorted(self.ours_by_theirs))}")
        return self.ours_by_theirs[str(value)]

    def write(self, value: Any, _fields: Dict[str, Any], _names: Names) -> str:
        for theirs, ours in self.ours_by_theirs.items():
            if ours == value:
                return theirs
        raise Unreadable(f"has no spelling of ours for {value!r}; it has {', '.join(self.ours_by_theirs.values())}")


@dataclass(frozen=True, slots=True)
class Ref:
    """A pointer to another entity, in their key space."""

    kind: str

    def read(self, value: Any, _record: Record, names: Names) -> str:
        ours = names.our_id(self.kind, str(value))
        if ours is None:
            raise Unreadable(f"points at {self.kind} {value}, which we have not met")
        return ours

    def write(self, value: Any, _fields: Dict[str, Any], names: Names) -> str:
        theirs = names.their_key(self.kind, str(value))
        if theirs is None:
            raise Unreadable(f"points at {self.kind} {value}, which is not in that system yet")
        return theirs


@dataclass(frozen=True, slots=True)
class Amount:
    """Money whose currency lives in a neighbouring field of theirs (`currency`, a path)."""

    currency: str
    as_text: bool = False

    def read(self, value: Any, record: Record, _names: Names) -> dict[str, str]:
        currency = dig(record, self.currency)[1]
        if not currency:
            raise Unreadable(f"is {value!r} without a currency in {self.currency}")
        return money(decimal(value), str(currency))

    def write(self, value: Any, _fields: Dict[str, Any], _names: Names) -> Any:
        return Number(self.as_text).write(value["amount"], {}, _names)


@dataclass(frozen=True, slots=True)
class CurrencyOf:
    """The currency of our money where they want it in a field of its own, spelled as `form` says. Only ever sent."""

    form: Form = SAME

    def read(self, value: Any, record: Record, names: Names) -> str:
        return str(self.form.read(value, record, names))

    def write(self, value: Any, fields: Dict[str, Any], names: Names) -> Any:
        return self.form.write(value["currency"], fields, names)


@dataclass(frozen=True, slots=True)
class MinorUnits:
    """Money in cents, with the currency and the units per whole in neighbouring fields."""

    currency: str
    base_unit: str = "currency_base_unit"

    def read(self, value: Any, record: Record, _names: Names) -> dict[str, str]:
        currency, base = dig(record, self.currency)[1], dig(record, self.base_unit)[1]
        if not currency or not base:
            raise Unreadable(f"is {value!r} without {self.currency} and {self.base_unit}")
        units, per_whole = whole(value), whole(base)
        amount = Decimal(units) / per_whole
        if amount * per_whole != units:
            raise Unreadable(f"is {value!r}, which does not divide by the {per_whole} of {self.base_unit}")
        return money(amount, str(currency))

    def write(self, value: Any, _fields: Dict[str, Any], _names: Names) -> int:
        try:
            return Money.model_validate(value).minor()
        except ValueError as error:
            raise Unreadable(f"is {value!r}: {error}") from None


@dataclass(frozen=True, slots=True)
class Lookup:
    """A code that the firm's own table translates: `given` columns of the table are filled from our fields."""

    table: str
    column: str
    given: tuple[tuple[str, str], ...] = ()
    self_column: str = ""

    def read(self, value: Any, _record: Record, names: Names) -> str:
        try:
            ours = names.in_table(self.table, self.self_column, where={self.column: str(value)})
        except Hold as hold:
            # One record with a doubtful code must not hold up the others that came with it.
            raise Unreadable(f"is {value!r}: {hold.why}") from hold
        if ours is None:
            raise Unreadable(f"is {value!r}, for which tables/{self.table}.csv has no row")
        return ours

    def write(self, value: Any, fields: Dict[str, Any], names: Names) -> str:
        where = {column: str(fields[field]) for column, field in self.given if fields.get(field) is not None}
        if self.self_column:
            where[self.self_column] = str(value)
        theirs = names.in_table(self.table, self.column, where=where)
        if theirs is None:
            asked = ", ".join(f"{column}={wanted}" for column, wanted in where.items())
            raise Unreadable(f"needs a row in tables/{self.table}.csv for {asked}")
        return theirs


@dataclass(frozen=True, slots=True)
class Fixed:
    """A constant the vendor wants to see; a row with this form has no field of ours."""

    value: Any

    def read(self, _value: Any, _record: Record, _names: Names) -> Any:
        return None

    def write(self, _value: Any, _fields: Dict[str, Any], _names: Names) -> Any:
        return self.value
