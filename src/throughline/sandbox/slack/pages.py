"""Cursor paging as Slack does it: an opaque cursor that says where the next page begins."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from throughline.sandbox.slack.arguments import Arguments, Refused

type Record = dict[str, Any]


def page(records: Sequence[Record], *, key: str, limit: int, arguments: Arguments) -> tuple[list[Record], str]:
    """One page, and the cursor of the next one (empty when this is the last)."""
    first = _position(records, key, arguments.text("cursor"))
    rest = records[first + limit :]
    return list(records[first : first + limit]), _cursor(key, rest[0][key]) if rest else ""


def _cursor(key: str, value: str) -> str:
    return base64.b64encode(f"next_{key}:{value}".encode()).decode()


def _position(records: Sequence[Record], key: str, cursor: str) -> int:
    if not cursor:
        return 0
    try:
        name, _, value = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Refused("invalid_cursor") from None
    if name != f"next_{key}":
        raise Refused("invalid_cursor")
    ascending = not records or records[0][key] <= records[-1][key]
    # The record named may be gone by now: go on with the next one in order.
    reached = (n for n, record in enumerate(records) if (record[key] >= value if ascending else record[key] <= value))
    return next(reached, len(records))
