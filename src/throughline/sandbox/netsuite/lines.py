"""Sublist lines: how those of a request are merged into those of a record."""

from collections.abc import Callable
from typing import Any

from throughline.sandbox.netsuite.amounts import forget_derived
from throughline.sandbox.netsuite.problems import invalid_content
from throughline.sandbox.netsuite.schema import Sublist

type Lines = list[dict[str, Any]]


def merge(sublist: Sublist, kept: Lines, given: Lines, *, replace: bool, next_key: Callable[[], int]) -> Lines:
    """Without `replace`, a line that names no key is added: repeat an upsert without keys, and lines double."""
    merged = [] if replace else [dict(line) for line in kept]
    for at, line in enumerate(given):
        changes = {name: value for name, value in line.items() if value is not None}
        known = _named(sublist, kept if replace else merged, line, at)
        if known is None:
            merged.append(_new(sublist, changes, [*kept, *merged], next_key))
            continue
        if replace:
            known = dict(known)
            merged.append(known)
        forget_derived(known, changes)
        known.update(changes)
        for name in line.keys() - changes.keys():
            known.pop(name, None)
    return merged


def _named(sublist: Sublist, lines: Lines, line: dict[str, Any], at: int) -> dict[str, Any] | None:
    for name in (sublist.key, "lineUniqueKey") if sublist.numbered else (sublist.key,):
        if (wanted := line.get(name)) is None:
            continue
        for known in lines:
            if known.get(name) == wanted:
                return known
        if sublist.key == "doc":  # an invoice to pay is its own key, and may be new
            return None
        raise invalid_content(
            f"The sublist {sublist.name} has no line with the key {wanted}.", f"{sublist.name}.items[{at}].{name}"
        )
    return None


def _new(sublist: Sublist, line: dict[str, Any], beside: Lines, next_key: Callable[[], int]) -> dict[str, Any]:
    defaults = {field.name: field.default for field in sublist.fields if field.default is not None}
    if sublist.numbered:
        highest = max((int(known["line"]) for known in beside), default=0)
        return {"line": highest + 1, "lineUniqueKey": next_key(), **defaults, **line}
    if sublist.key == "doc":
        return {**defaults, **line}
    return {sublist.key: str(next_key()), **defaults, **line}
