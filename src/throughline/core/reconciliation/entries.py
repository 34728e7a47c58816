"""From what a side says of one thing to the entry that is compared: the fields that count, each as one cell."""

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from decimal import Decimal
from typing import Any

from throughline.core import exact
from throughline.core.money import exact as number
from throughline.core.money import plain
from throughline.core.reconciliation.breaks import Cell, Field, Sort

# What is counted is compared as a number, however it was written.
NUMBERS = frozenset({Sort.AMOUNT, Sort.RATE})


def cells(fields: tuple[Field, ...], said: Dict[str, Any]) -> tuple[Cell, ...]:
    """Fields as a side says them, in their order. A field it does not speak of is None."""
    return tuple(_cell(field, said) for field in fields)


def _cell(field: Field, said: Dict[str, Any]) -> Cell:
    path = (field.path or field.name).split(".")
    found = list(_found(said, path))
    if "*" not in path:
        return _plain(field, found[0]) if found else None
    if not found:
        return None
    if field.sort is Sort.AMOUNT:
        return sum((number(each) for each in found), Decimal(0))
    return " ".join(_spelled(each) for each in found)


def _found(value: Any, path: list[str]) -> Iterator[Any]:
    """Every value at a path; what is empty is not there."""
    if not path:
        if value is not None:
            yield value
    elif path[0] == "*":
        for each in value if isinstance(value, list) else []:
            yield from _found(each, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _found(value[path[0]], path[1:])


def _plain(field: Field, value: Any) -> Cell:
    if field.sort in NUMBERS:
        try:
            return number(value)
        except ValueError:
            return str(value)
    return _spelled(value)


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain(value) if isinstance(value, Decimal) else str(value)


def written(said: tuple[Cell, ...]) -> str:
    """Cells as one text: the same text for the same cells."""
    return exact.dumps([str(each) if isinstance(each, Decimal) else each for each in said])


def as_read(fields: tuple[Field, ...], text: str) -> tuple[Cell, ...]:
    """The opposite of `written`."""
    return tuple(
        None if each is None else _plain(field, each) for field, each in zip(fields, exact.loads(text), strict=True)
    )
