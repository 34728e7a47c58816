"""Values on the way in, read the way Rails reads them: "12" is twelve, "true" is true, an unknown field is dropped."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from throughline.sandbox.kantata.errors import Problem, invalid
from throughline.sandbox.kantata.schema.shape import Kind, kind

type Record = dict[str, Any]

YES, NO = {True, "true", "1", "t"}, {False, "false", "0", "f"}  # 1 and 0 are equal to True and False


def permitted(wanted: Record, names: Iterable[str]) -> tuple[Record, list[Problem]]:
    """Strong parameters: what is not permitted is ignored without a word; what is permitted must be readable."""
    read: Record = {}
    problems: list[Problem] = []
    for name in names:
        if name not in wanted:
            continue
        try:
            read[name] = readable(name, wanted[name])
        except (ValueError, InvalidOperation):
            problems.append(invalid(name, f"{human(name)} {COMPLAINTS[kind(name)]}"))
    return read, problems


COMPLAINTS: dict[Kind, str] = {
    "id": "is not a valid ID",
    "ids": "is not a list of IDs",
    "integer": "must be an integer",
    "date": "is not a valid date",
    "boolean": "must be true or false",
    "price": "is not a number",
    "text": "is not a text",
    "any": "is not valid",
}


def readable(name: str, value: Any) -> Any:
    if value is None or (value == "" and kind(name) not in ("any", "text")):
        return [] if kind(name) == "ids" else None
    return READERS[kind(name)](value)


def human(name: str) -> str:
    """`workspace_id` is spoken of as "Workspace", as Rails does."""
    return name.removesuffix("_id").replace("_", " ").capitalize()


def blank(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _id(value: Any) -> str:
    if isinstance(value, bool) or not str(value).isdecimal():
        raise ValueError(value)
    return str(int(value))


def _ids(value: Any) -> list[str]:
    return [_id(each) for each in (value if isinstance(value, list) else str(value).split(",")) if each != ""]


def _date(value: Any) -> str:
    return date.fromisoformat(str(value)[:10]).isoformat()


def _integer(value: Any) -> int:
    number = Decimal(str(value))
    if isinstance(value, bool) or number != number.to_integral_value():
        raise ValueError(value)
    return int(number)


def _boolean(value: Any) -> bool:
    if isinstance(value, list | dict):
        raise ValueError(value)  # noqa: TRY004 - a bad value, whatever its type: the caller answers 422
    if value in YES:
        return True
    if value in NO:
        return False
    raise ValueError(value)


def _price(value: Any) -> str:
    """Units of the currency, as a number or as a person types it: `25000`, `"$25,000.00"`. Kept as decimal text."""
    if isinstance(value, bool | list | dict):
        raise ValueError(value)  # noqa: TRY004 - see above
    number = Decimal(str(value).translate(str.maketrans("", "", " ,$£€")))
    if not number.is_finite():
        raise ValueError(value)
    return str(number)


def _text(value: Any) -> str:
    if isinstance(value, bool | list | dict):
        raise ValueError(value)  # noqa: TRY004 - see above
    return str(value)


def _storable(value: Any) -> Any:
    """A decimal in a free field is a share or a text, never money: those fields have kinds of their own."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else str(value)
        case list():
            return [_storable(each) for each in value]
        case dict():
            return {key: _storable(each) for key, each in value.items()}
        case _:
            return value


READERS: dict[Kind, Callable[[Any], Any]] = {
    "id": _id,
    "ids": _ids,
    "integer": _integer,
    "date": _date,
    "boolean": _boolean,
    "price": _price,
    "text": _text,
    "any": _storable,
}
