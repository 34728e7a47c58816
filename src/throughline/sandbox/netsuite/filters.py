"""The `q` of a collection: `companyName START_WITH "Mer" AND (isInactive IS false OR creditLimit GREATER 10)`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from throughline.sandbox.netsuite.problems import Problem, invalid_parameter
from throughline.sandbox.netsuite.schema import Field, RecordType
from throughline.sandbox.shelf import Record

type Test = Callable[[Record], bool]

_TOKEN = re.compile(r'\s*(?:(?P<mark>[()\[\],])|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()\[\],"]+))')
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "IS": lambda value, wanted: value == wanted,
    "CONTAIN": lambda value, wanted: wanted in value,
    "START_WITH": lambda value, wanted: value.startswith(wanted),
    "END_WITH": lambda value, wanted: value.endswith(wanted),
}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "EQUAL": lambda value, wanted: value == wanted,
    "GREATER": lambda value, wanted: value > wanted,
    "GREATER_OR_EQUAL": lambda value, wanted: value >= wanted,
    "LESS": lambda value, wanted: value < wanted,
    "LESS_OR_EQUAL": lambda value, wanted: value <= wanted,
}
_WHEN = {
    "ON": "EQUAL",
    "AFTER": "GREATER",
    "ON_OR_AFTER": "GREATER_OR_EQUAL",
    "BEFORE": "LESS",
    "ON_OR_BEFORE": "LESS_OR_EQUAL",
}


@dataclass(frozen=True, slots=True)
class _Token:
    said: str
    quoted: bool = False


def parse_filter(q: str, type_: RecordType, zone: ZoneInfo) -> Test:
    """What `q` asks of a record, or INVALID_PARAMETER with what is wrong with it."""
    reader = _Reader(_tokens(q), type_, zone)
    test = reader.either()
    if reader.left():
        raise _wrong(f"unexpected '{reader.take()}'")
    return test


def _tokens(q: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while q[at:].strip():
        match = _TOKEN.match(q, at)
        if match is None:
            raise _wrong(f"cannot read from '{q[at:].strip()}'")
        at = match.end()
        if match["quoted"] is not None:
            tokens.append(_Token(re.sub(r"\\(.)", r"\1", match["quoted"]), quoted=True))
        else:
            tokens.append(_Token(match["mark"] or match["word"]))
    return tokens


class _Reader:
    def __init__(self, tokens: list[_Token], type_: RecordType, zone: ZoneInfo) -> None:
        self._tokens, self._type, self._zone = tokens, type_, zone

    def left(self) -> bool:
        return bool(self._tokens)

    def take(self) -> str:
        if not self._tokens:
            raise _wrong("it ends too early")
        return self._tokens.pop(0).said

    def either(self) -> Test:
        tests = [self._both()]
        while self._next("OR"):
            tests.append(self._both())
        return lambda record: any(test(record) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._next("AND"):
            tests.append(self._one())
        return lambda record: all(test(record) for test in tests)

    def _one(self) -> Test:
        if self._next("("):
            test = self.either()
            if not self._next(")"):
                raise _wrong("a closing parenthesis is missing")
            return test
        name = self.take()
        field = self._type.field(name)
        if field is None:
            raise _wrong(f"the record type {self._type.name} has no field '{name}'")
        operator = self.take().upper()
        if operator in {"EMPTY", "EMPTY_NOT"}:
            return lambda record: (record.get(name) in (None, "")) is (operator == "EMPTY")
        negated = operator.endswith("_NOT")
        matches = self._compare(field, operator.removesuffix("_NOT"))
        return lambda record: name in record and matches(record[name]) is not negated

    def _compare(self, field: Field, operator: str) -> Callable[[Any], bool]:
        countable = field.kind in {"integer", "number", "reference", "choice"} or field.name == "id"
        if operator == "ANY_OF" and countable:
            several = {str(_number(said)) for said in self._several()}
            return lambda value: str(_number(str(value))) in several
        wanted = self.take()
        if field.kind in {"string", "choice", "reference"} and operator in _TEXT:
            test, folded = _TEXT[operator], wanted.casefold()
            return lambda value: test(str(value).casefold(), folded)
        if field.kind == "boolean" and operator == "IS":
            yes = wanted.lower() in {"true", "t"}
            return lambda value: value is yes
        if field.kind in {"date", "datetime"} and operator in _WHEN:
            test, when = _ORDER[_WHEN[operator]], _date(wanted)
            return lambda value: test(self._day(field, value), when)
        if countable and operator in _ORDER:
            test, number = _ORDER[operator], _number(wanted)
            return lambda value: test(_number(str(value)), number)
        raise _wrong(f"the operator {operator} is not allowed on the field {field.name}")

    def _several(self) -> list[str]:
        if not self._next("["):
            return [self.take()]
        several = [self.take()]
        while self._next(","):
            several.append(self.take())
        if not self._next("]"):
            raise _wrong("a closing bracket is missing")
        return several

    def _day(self, field: Field, value: str) -> date:
        if field.kind == "date":
            return date.fromisoformat(value)
        return datetime.fromisoformat(value).astimezone(self._zone).date()

    def _next(self, word: str) -> bool:
        if self._tokens and not self._tokens[0].quoted and self._tokens[0].said.upper() == word:
            self._tokens.pop(0)
            return True
        return False


def _date(said: str) -> date:
    """In the account's own format, M/D/YYYY, or as ISO."""
    try:
        if "/" in said:
            month, day, year = said.split("/")
            return date(int(year), int(month), int(day))
        return date.fromisoformat(said)
    except ValueError:
        raise _wrong(f"'{said}' is not a date") from None


def _number(said: str) -> Decimal | str:
    try:
        return Decimal(said)
    except InvalidOperation:
        return said


def _wrong(why: str) -> Problem:
    return invalid_parameter(f"Invalid query filter: {why}.", "q")
