"""One value of a request body: checked against its field, and turned into the form it is kept in.

Kept forms: text and choices as text, numbers as decimal text, references as the id they resolve to.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from throughline.sandbox.netsuite.problems import Problem, invalid_content, invalid_value
from throughline.sandbox.netsuite.schema import Field
from throughline.sandbox.netsuite.wire import plain

type Resolve = Callable[[str, dict[str, Any]], str | None]  # record type, {"id"|"externalId"|"refName"} -> id

_COUNTRY = re.compile(r"[A-Z]{2}")


def kept(field: Field, value: Any, path: str, resolve: Resolve) -> Any:  # noqa: PLR0911 - one per kind
    """The value as the shelf keeps it, or an INVALID_CONTENT that names the path."""
    match field.kind:
        case "string":
            return _text(field, value, path)
        case "integer":
            return _integer(field, value, path)
        case "number":
            return _number(field, value, path)
        case "boolean":
            return _boolean(field, value, path)
        case "date" | "datetime":
            return _moment(field, value, path)
        case "choice":
            return _choice(field, value, path)
        case "reference":
            return _reference(field, value, path, resolve)
        case "references":
            return [_reference(field, each, path, resolve) for each in items_of(value, path)]
        case "subrecord":
            raise TypeError(f"{path}: a subrecord is read field by field")


def items_of(value: Any, path: str) -> list[Any]:
    """A collection comes as {"items": [...]}."""
    items = cast("dict[str, Any]", value).get("items", []) if isinstance(value, dict) else None
    if not isinstance(items, list):
        raise invalid_content(f"Invalid value for '{path}': an object with an 'items' array is expected.", path)
    return cast("list[Any]", items)


def _text(field: Field, value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong(value, field, path)
    if len(value) > field.length:
        raise invalid_content(
            f"The field {field.name} contained more than the maximum number ( {field.length} ) of characters allowed.",
            path,
        )
    return value


def _integer(field: Field, value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(value, field, path)
    return value


def _number(field: Field, value: Any, path: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise _wrong(value, field, path)
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise _wrong(value, field, path) from None
    if not number.is_finite():
        raise _wrong(value, field, path)
    return plain(number)


def _boolean(field: Field, value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, field, path)
    return value


def _moment(field: Field, value: Any, path: str) -> str:
    try:
        if field.kind == "date":
            return date.fromisoformat(value).isoformat()
        return datetime.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise _wrong(value, field, path) from None


def _choice(field: Field, value: Any, path: str) -> str:
    """By id; by its name too, as {"refName": ...} or bare, for that is how people write them."""
    given = value
    if isinstance(value, dict):
        given = cast("dict[str, Any]", value).get("id", cast("dict[str, Any]", value).get("refName"))
    wanted = str(given)
    if not field.choices and _COUNTRY.fullmatch(wanted):
        return wanted
    for id_, name in field.choices.items():
        if wanted == id_ or wanted.casefold() == name.casefold():
            return id_
    raise _wrong(wanted, field, path)


def _reference(field: Field, value: Any, path: str, resolve: Resolve) -> str:
    if not isinstance(value, dict):
        raise _wrong(value, field, path)
    reference = cast("dict[str, Any]", value)
    found = resolve(field.to, reference)
    if found is None:
        said = reference.get("id") or reference.get("externalId") or reference.get("refName") or "{}"
        raise _wrong(said, field, path)
    return found


def _wrong(value: object, field: Field, path: str) -> Problem:
    return invalid_value(value, field.name, path)
