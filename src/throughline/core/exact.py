"""JSON in which a number stays exactly the number that was written: decimals in, decimals out, never a float."""

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from itertools import chain, zip_longest
from typing import Any

# Beyond this many digits a number keeps its exponent: "1e999999999" is eleven letters, and must not become a gigabyte.
_MOST_ZEROS = 60


def loads(text: str | bytes) -> Any:
    """Parse; refuses NaN and Infinity, which are not JSON, and what no machine could hold."""
    try:
        return _DECODER.decode(text if isinstance(text, str) else text.decode())
    except InvalidOperation:
        raise ValueError("has a number with an exponent beyond all reason") from None
    except RecursionError:
        raise ValueError("is nested too deeply to be read") from None


def dumps(value: Any, *, sort_keys: bool = False) -> str:
    """Print, with decimals as plain JSON numbers. No string is ever mistaken for one.

    Each decimal leaves a mark and is put back in order. Should the value contain the mark itself, there are more marks
    than decimals, and a longer mark is taken.
    """
    try:
        return (_SORTED if sort_keys else _AS_GIVEN).encode(value)
    except _HasDecimals:
        pass
    mark = "\x00"
    while True:
        decimals: list[str] = []
        mark_it = _marking(mark, decimals)
        text = json.dumps(value, default=mark_it, sort_keys=sort_keys, separators=(",", ":"), allow_nan=False)
        pieces = text.split(json.dumps(mark)) if decimals else [text]
        if len(pieces) == len(decimals) + 1:
            return "".join(chain.from_iterable(zip_longest(pieces, decimals, fillvalue="")))
        mark += "\x00"


def digest(*parts: Any) -> str:
    """26 digits and letters that are the same for the same content, on every attempt and every machine."""
    return hashlib.sha256(dumps(parts, sort_keys=True).encode()).hexdigest()[:26]


class _HasDecimals(Exception):
    """The quick way ends where the first decimal is met."""


def _no_decimals(value: Any) -> Any:
    if isinstance(value, Decimal):
        raise _HasDecimals
    raise TypeError(f"{type(value).__name__} is not JSON: {value!r}")


# Most of what we print has no decimals, and making an encoder costs more than using it.
_AS_GIVEN = json.JSONEncoder(default=_no_decimals, separators=(",", ":"), allow_nan=False)
_SORTED = json.JSONEncoder(default=_no_decimals, separators=(",", ":"), allow_nan=False, sort_keys=True)


def _marking(mark: str, decimals: list[str]) -> Callable[[Any], str]:
    def default(value: Any) -> str:
        if not isinstance(value, Decimal):
            raise TypeError(f"{type(value).__name__} is not JSON: {value!r}")
        if not value.is_finite():
            raise ValueError(f"{value} is not a number that JSON can carry")
        decimals.append(_spelled(value))
        return mark

    return default


def _spelled(value: Decimal) -> str:
    return f"{value:f}" if abs(value.adjusted()) <= _MOST_ZEROS else str(value)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)
