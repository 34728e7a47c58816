"""JSON as it goes over the wire: numbers are exact decimals in both directions, never floats."""

import json
from decimal import Decimal
from typing import Any


def read(body: bytes) -> Any:
    """What a client sent. Raises ValueError when it is not JSON."""
    return json.loads(body, parse_float=Decimal, parse_constant=_refuse)


def write(value: Any) -> str:
    match value:
        case dict():
            return "{" + ",".join(f"{json.dumps(str(name))}:{write(inner)}" for name, inner in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(write(inner) for inner in value) + "]"
        case Decimal():
            return _number(value)
        case _:
            return json.dumps(value)


def plain(value: Decimal) -> str:
    """A number without exponent and without trailing zeros: how SuiteQL and the shelf spell it."""
    spelled = format(value, "f")
    return (spelled.rstrip("0").rstrip(".") or "0") if "." in spelled else spelled


def _number(value: Decimal) -> str:
    """Always with a decimal point: NetSuite's doubles come from Java."""
    spelled = plain(value)
    return spelled if "." in spelled else f"{spelled}.0"


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
