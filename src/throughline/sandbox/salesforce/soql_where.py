"""Which records a WHERE lets through. Text is compared without regard to case, and null is never less or more."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from throughline.sandbox.salesforce.ids import canonical
from throughline.sandbox.salesforce.schema import NUMBERS, TEXTS, Field
from throughline.sandbox.salesforce.soql_scope import Scope
from throughline.sandbox.salesforce.soql_tree import Comparison, Condition, Joined, Literal, Negated, Path, Within
from throughline.sandbox.salesforce.soql_words import unescaped
from throughline.sandbox.shelf import Record

type Passes = Callable[[Record], bool]
type Subquery = Callable[[Within], list[Any]]

_KINDS = {"boolean": "boolean", "date": "date", "datetime": "datetime", "id": "string", "reference": "string"}
_TYPES = {"datetime": "dateTime", "currency": "double", "percent": "double"}


def passes(scope: Scope, condition: Condition, subquery: Subquery) -> Passes:
    match condition:
        case Joined(word, parts):
            each = [passes(scope, part, subquery) for part in parts]
            if word == "AND":
                return lambda record: all(test(record) for test in each)
            return lambda record: any(test(record) for test in each)
        case Negated(part):
            test = passes(scope, part, subquery)
            return lambda record: not test(record)
        case Within():
            return _within(scope, condition, subquery)
        case Comparison():
            return _comparison(scope, condition)


def comparable(field: Field, value: Any) -> Any:
    """The stored value in the form in which Salesforce compares and sorts it."""
    if value is None:
        return None
    if field.type in NUMBERS:
        return Decimal(value)
    return value.casefold() if field.type in TEXTS else value


def _comparison(scope: Scope, comparison: Comparison) -> Passes:
    column = scope.column(comparison.path)
    read, field = scope.reader(column), column.field
    _filterable(scope, comparison.path, field, comparison.operator)
    if comparison.literal.kind == "null":
        return _null(scope, comparison, read)
    if comparison.operator == "LIKE":
        pattern = _pattern(scope, comparison)
        return lambda record: bool((value := read(record)) and pattern.fullmatch(str(value)))
    low, high = _bounds(scope, comparison.path, field, comparison.literal)
    test = _TESTS[comparison.operator]
    unknown = comparison.operator == "!="  # a null is different from anything
    return lambda record: unknown if (v := comparable(field, read(record))) is None else test(v, low, high)


_TESTS: dict[str, Callable[[Any, Any, Any], bool]] = {
    "=": lambda value, low, high: low <= value <= high,
    "!=": lambda value, low, high: not low <= value <= high,
    "<": lambda value, low, _: value < low,
    "<=": lambda value, _, high: value <= high,
    ">": lambda value, _, high: value > high,
    ">=": lambda value, low, _: value >= low,
}


def _null(scope: Scope, comparison: Comparison, read: Callable[[Record], Any]) -> Passes:
    match comparison.operator:
        case "=":
            return lambda record: read(record) is None
        case "!=":
            return lambda record: read(record) is not None
        case operator:
            message = f"invalid operator on null value: {operator}"
            raise scope.refused(comparison.path, message, "INVALID_QUERY_FILTER_OPERATOR")


def _within(scope: Scope, within: Within, subquery: Subquery) -> Passes:
    column = scope.column(within.path)
    read, field = scope.reader(column), column.field
    _filterable(scope, within.path, field, "IN")
    if within.query:
        values = {comparable(field, value) for value in subquery(within)}
    else:
        values = {
            None if literal.kind == "null" else _bounds(scope, within.path, field, literal)[0]
            for literal in within.literals
        }
    negated = within.negated
    return lambda record: (comparable(field, read(record)) in values) != negated


def _filterable(scope: Scope, path: Path, field: Field, operator: str) -> None:
    if not field.filterable:
        raise scope.refused(path, f"field '{field.name}' can not be filtered in a query call")
    limited = field.type in {"boolean", "id", "reference"} and operator in {"<", "<=", ">", ">="}
    if (limited and field.type == "boolean") or (operator == "LIKE" and field.type not in TEXTS):
        raise scope.refused(path, f"invalid operator on {field.type} field", "INVALID_QUERY_FILTER_OPERATOR")


def _bounds(scope: Scope, path: Path, field: Field, literal: Literal) -> tuple[Any, Any]:
    """The first and last value a literal stands for; they differ only for spans such as TODAY."""
    if literal.kind == "span" and field.type in {"date", "datetime"}:
        return _span(scope, path, field, literal.text)
    wanted = "number" if field.type in NUMBERS else _KINDS.get(field.type, "string")
    if literal.kind != wanted:
        quotes = "should be enclosed in quotes" if wanted == "string" else "should not be enclosed in quotes"
        type_ = _TYPES.get(field.type, field.type)
        message = f"value of filter criterion for field '{field.name}' must be of type {type_} and {quotes}"
        raise scope.refused(path, message)
    value = _value(scope, path, field, literal)
    return value, value


def _value(scope: Scope, path: Path, field: Field, literal: Literal) -> Any:
    match field.type:
        case "boolean":
            return literal.text == "true"
        case "id" | "reference":
            if literal.text and canonical(literal.text) is None:
                raise scope.refused(path, f"invalid ID field: {literal.text}", "INVALID_QUERY_FILTER_OPERATOR")
            return canonical(literal.text) if literal.text else ""
        case "date" | "datetime":
            try:
                at = datetime.fromisoformat(literal.text)
                return literal.text if field.type == "date" else _fine(at)
            except (ValueError, OverflowError) as error:
                raise scope.refused(path, f"Invalid {field.type}: {literal.text}", "MALFORMED_QUERY") from error
        case _:
            return comparable(field, literal.text)


def _fine(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def _span(scope: Scope, path: Path, field: Field, text: str) -> tuple[str, str]:
    name, _, number = text.partition(":")
    days = int(number or 0)
    spans = {"TODAY": (0, 0), "YESTERDAY": (-1, -1), "TOMORROW": (1, 1)}
    if number:
        spans = {"LAST_N_DAYS": (-days, 0), "NEXT_N_DAYS": (1, days)}
    if name not in spans:
        raise scope.refused(path, f"unexpected token: '{text}'", "MALFORMED_QUERY")
    today = scope.tx.at.date()
    try:
        first, last = ((today + timedelta(days=shift)).isoformat() for shift in spans[name])
    except OverflowError as error:
        raise scope.refused(path, f"Invalid date: {text}", "MALFORMED_QUERY") from error
    if field.type == "date":
        return first, last
    return f"{first}T00:00:00.000+0000", f"{last}T23:59:59.999+0000"


def _pattern(scope: Scope, comparison: Comparison) -> re.Pattern[str]:
    if comparison.literal.kind != "string":
        raise scope.refused(comparison.path, "LIKE needs a string in quotes", "MALFORMED_QUERY")
    pieces = re.findall(r"\\u[0-9A-Fa-f]{4}|\\.|.", comparison.literal.raw, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    expression = "".join(wild.get(each) or re.escape(unescaped(each)) for each in pieces)
    return re.compile(expression, re.DOTALL | re.IGNORECASE)


def wanted_ids(scope: Scope, condition: Condition | None) -> tuple[str, list[str]] | None:
    """An indexed field and the values it must have, if the condition pins one down."""
    match condition:
        case Joined("AND", parts):
            return next((found for part in parts if (found := wanted_ids(scope, part))), None)
        case Comparison(path, "=", literal):
            return _pinned(scope, path, (literal,))
        case Within(path, False, literals, None):
            return _pinned(scope, path, literals)
        case _:
            return None


def _pinned(scope: Scope, path: Path, literals: tuple[Literal, ...]) -> tuple[str, list[str]] | None:
    column = scope.column(path)
    field = column.field
    if column.hops or not (field.indexed or field.type == "id") or any(each.kind != "string" for each in literals):
        return None
    texts = [each.text for each in literals]
    if field.type in {"id", "reference"}:
        texts = [canonical(text) or "" for text in texts]
    return (field.name, texts) if all(texts) else None
