"""Reads a request body against its schema: the changes it asks for, and the property names nobody knows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from throughline.sandbox.netsuite.problems import invalid_content
from throughline.sandbox.netsuite.schema import Field, RecordType, Sublist
from throughline.sandbox.netsuite.values import Resolve, items_of, kept

_ALWAYS_READ = {"links", "refName", "id"}


@dataclass(slots=True)
class Draft:
    """What a body asks for. None clears a field. `unknown` are paths of names that are not in the schema."""

    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])
    unknown: list[str] = field(default_factory=list[str])


def read_body(type_: RecordType, body: dict[str, Any], resolve: Resolve) -> Draft:
    draft = Draft()
    for name, value in body.items():
        if sublist := type_.sublist(name):
            draft.lines[sublist.name] = _lines(sublist, value, resolve, draft.unknown)
        elif found := type_.field(name):
            _take(found, value, draft.fields, _At(name, resolve, draft.unknown))
        elif name not in _ALWAYS_READ:
            draft.unknown.append(name)
    return draft


@dataclass(frozen=True, slots=True)
class _At:
    path: str
    resolve: Resolve
    unknown: list[str]


def _lines(sublist: Sublist, value: Any, resolve: Resolve, unknown: list[str]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for at, given in enumerate(items_of(value, sublist.name)):
        path = f"{sublist.name}.items[{at}]"
        if not isinstance(given, dict):
            raise invalid_content("A line is a JSON object.", path)
        lines.append(_object(sublist.fields, cast("dict[str, Any]", given), _At(path, resolve, unknown)))
    return lines


def _object(fields: Sequence[Field], given: dict[str, Any], at: _At) -> dict[str, Any]:
    taken: dict[str, Any] = {}
    by_name = {known.name.lower() if known.kind == "subrecord" else known.name: known for known in fields}
    for name, value in given.items():
        path = f"{at.path}.{name}"
        if found := by_name.get(name) or by_name.get(name.lower() if name.lower() == "addressbookaddress" else ""):
            _take(found, value, taken, _At(path, at.resolve, at.unknown))
        elif name not in _ALWAYS_READ:
            at.unknown.append(path)
    return taken


def _take(found: Field, value: Any, into: dict[str, Any], at: _At) -> None:
    if found.read_only:
        # The one read-only name that matters on the way in: it says which line is meant.
        if found.name == "lineUniqueKey":
            into[found.name] = value
        return
    if value is None:
        into[found.name] = None
    elif found.kind == "subrecord":
        if not isinstance(value, dict):
            raise invalid_content(f"Invalid value for '{at.path}': an object is expected.", at.path)
        into[found.name] = _object(found.fields, cast("dict[str, Any]", value), at)
    else:
        into[found.name] = kept(found, value, at.path, at.resolve)
