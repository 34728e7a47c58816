"""Says in plain words what a model refused, with the words that would have been right."""

import re
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from throughline.core.money import MINOR_DIGITS
from throughline.hub.firm.report import closest, suggestion

type Loc = tuple[str | int, ...]
type Words = tuple[str, str, str]

_CONTAINERS = {
    "dict_type": "must be `name: value` lines",
    "mapping_type": "must be `name: value` lines",
    "model_type": "must be `name: value` lines",
    "model_attributes_type": "must be `name: value` lines",
    "tuple_type": "must be a list: lines that begin with -, or [a, b]",
    "list_type": "must be a list: lines that begin with -, or [a, b]",
}
_PLAIN = {
    **_CONTAINERS,
    "string_type": "must be a text",
    "string_too_short": "must not be empty",
    "too_short": "needs at least one",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "date_type": "must be a day such as 2026-01-31",
    "date_parsing": "must be a day such as 2026-01-31",
    "date_from_datetime_parsing": "must be a day such as 2026-01-31",
    "date_from_datetime_inexact": "must be a day such as 2026-01-31",
    "time_delta_type": "must be a time span such as 60m, 4h or 2d",
    "time_type": "must be a time of day such as 18:00",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def in_words(model: type[BaseModel], error: ErrorDetails) -> Words:
    """A code, a sentence, and what would help."""
    nothing_said = error["input"] is None and error["type"] not in {"missing", "extra_forbidden"}
    say = _empty if nothing_said else _SAYINGS.get(error["type"], _wrong_type)
    return say(model, error)


def worth_saying(model: type[BaseModel], errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without what only follows from another error: a missing key that is there, misspelt; a list emptied by it."""
    misspelt = {
        (*error["loc"][:-1], closest(str(error["loc"][-1]), _allowed(model, error["loc"][:-1])))
        for error in errors
        if error["type"] == "extra_forbidden"
    }
    inside = {error["loc"][:-1] for error in errors}
    return [
        error
        for error in errors
        if not (error["type"] == "missing" and error["loc"] in misspelt)
        and not (error["type"] == "too_short" and error["loc"] in inside)
    ]


def _unknown_key(model: type[BaseModel], error: ErrorDetails) -> Words:
    *path, key = error["loc"]
    if str(key).isdigit():
        return "unknown-key", f"unknown key `{key}`", "a number has nothing between its thousands"
    return "unknown-key", f"unknown key `{key}`", suggestion(str(key), _allowed(model, tuple(path)))


def _missing(_model: type[BaseModel], error: ErrorDetails) -> Words:
    return "missing", f"{_name(error)} is required", f"add {_name(error)} here"


def _empty(_model: type[BaseModel], error: ErrorDetails) -> Words:
    return "missing", f"{_name(error)} is empty", "write a value, or delete the line"


def _choice(_model: type[BaseModel], error: ErrorDetails) -> Words:
    got, known = str(error["input"]), re.findall(r"'([^']*)'", _context(error, "expected"))
    likely = closest(got, known)
    return "unknown-word", f"`{got}` is not one of {', '.join(known)}", f"did you mean `{likely}`?" if likely else ""


def _out_of_range(_model: type[BaseModel], error: ErrorDetails) -> Words:
    bound, words = _BOUNDS[error["type"]]
    return "out-of-range", f"{_name(error)} must be {words} {_context(error, bound)}", ""


def _pattern(model: type[BaseModel], error: ErrorDetails) -> Words:
    return "wrong-form", f"{_name(error)} is not written as it must be", f"write {_description(model, error['loc'])}"


def _refused(_model: type[BaseModel], error: ErrorDetails) -> Words:
    said, name = error["msg"].removeprefix("Value error, "), _name(error)
    if "ISO 4217" in said:
        got = str(error["input"])
        return "unknown-currency", f"`{got}` is not an ISO 4217 currency in use", suggestion(got, MINOR_DIGITS)
    if "secret" in said:
        return "literal-secret", f"{name} must say where the secret is, not what it is", said
    if "number: give" in said:
        return "wrong-type", f"{name} must be a number", "write it as 1500.50: a point, and nothing between thousands"
    if "is not a day" in said:
        return "wrong-type", f"{name} must be a day", "write it as 2026-01-31"
    return "wrong-form", f"{name} is not written as it must be", said


def _wrong_type(_model: type[BaseModel], error: ErrorDetails) -> Words:
    return "wrong-type", f"{_name(error)} {_PLAIN.get(error['type'], error['msg'])}", _found(error)


_SAYINGS: dict[str, Callable[[type[BaseModel], ErrorDetails], Words]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "literal_error": _choice,
    "enum": _choice,
    "string_pattern_mismatch": _pattern,
    "value_error": _refused,
    **dict.fromkeys(_BOUNDS, _out_of_range),
}


def _context(error: ErrorDetails, name: str) -> str:
    return str(error.get("ctx", {}).get(name, ""))


def _found(error: ErrorDetails) -> str:
    match error["input"]:
        case Mapping():
            return "here are `name: value` lines"
        case list() | tuple():
            return "" if error["type"] == "too_short" else "here is a list"
        case _ if error["type"] in _CONTAINERS:
            return "here is a single value"
        case _:
            return ""


def _name(error: ErrorDetails) -> str:
    words = [part for part in error["loc"] if isinstance(part, str) and part != "[key]"]
    return f"`{words[-1]}`" if words else "this file"


def _allowed(model: type[BaseModel], loc: Loc) -> list[str]:
    inner = _descend(model, loc)
    return [] if inner is None else [name for name in inner.model_fields if name != "place"]


def _description(model: type[BaseModel], loc: Loc) -> str:
    *path, last = loc
    inner = _descend(model, tuple(path))
    field = inner.model_fields.get(str(last)) if inner else None
    return (field and _described(field)) or "it differently"


def _described(field: FieldInfo) -> str | None:
    infos = [arg for arg in _metadata(field.annotation) if isinstance(arg, FieldInfo)]
    return field.description or next((info.description for info in infos if info.description), None)


def _metadata(annotation: Any) -> list[Any]:
    found = list(get_args(annotation)[1:]) if get_origin(annotation) is Annotated else []
    return found + [inner for arg in get_args(annotation) for inner in _metadata(arg)]


def _descend(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    """The model that stands at a place of another."""
    inner: Any = model
    for part in loc:
        here = _model(inner)
        field = here.model_fields.get(str(part)) if here else None
        inner = _items(inner) if here is None else field and field.annotation
    return _model(inner)


def _model(annotation: Any) -> type[BaseModel] | None:
    """The model an annotation is, or may be: `Sla`, `Sla | None`, but not a list of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inside = get_args(annotation) if get_origin(annotation) in {Union, UnionType, Annotated} else ()
    return next((found for arg in inside if (found := _model(arg))), None)


def _items(annotation: Any) -> Any:
    """What a list or a mapping holds."""
    return next((arg for arg in reversed(get_args(annotation)) if arg is not ...), None)
