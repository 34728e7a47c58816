"""Forms for what has an inside: one value in a list, a part with fields of its own, or lines of such parts."""

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from itertools import product
from typing import Any

from throughline.core.forms import SAME, Form, Names, Record, Ref, Unreadable, dig
from throughline.core.records import bury, listed


@dataclass(frozen=True, slots=True)
class One:
    """A single value they keep in a list."""

    form: Form

    def read(self, value: Any, record: Record, names: Names) -> Any:
        values = listed(value)
        if len(values) > 1:
            raise Unreadable(f"has {len(values)} values, where one belongs")
        return self.form.read(values[0], record, names) if values else None

    def write(self, value: Any, fields: Dict[str, Any], names: Names) -> Any:
        return [self.form.write(value, fields, names)]


@dataclass(frozen=True, slots=True)
class Many:
    """Values of one form, in a list as they keep them."""

    form: Form

    def read(self, value: Any, record: Record, names: Names) -> list[Any]:
        return [self.form.read(each, record, names) for each in listed(value)]

    def write(self, value: Any, fields: Dict[str, Any], names: Names) -> list[Any]:
        return [self.form.write(each, fields, names) for each in value]


@dataclass(frozen=True, slots=True)
class Line:
    """One field of a line; the same three columns as a row of a mapping."""

    ours: str
    theirs: str
    form: Form = SAME
    flow: str = "both"


@dataclass(frozen=True, slots=True)
class Part:
    """A value with fields of its own, such as an approval. Its forms also see the record around it."""

    lines: tuple[Line, ...]

    def read(self, value: Any, record: Record, names: Names) -> Record:
        if not isinstance(value, dict):
            raise Unreadable(f"is {value!r}, where a value with fields of its own belongs")
        return _read(self.lines, value, record, names)

    def write(self, value: Any, fields: Dict[str, Any], names: Names) -> Record:
        return _write(self.lines, {**value}, {**fields, **value}, names)


@dataclass(frozen=True, slots=True)
class Lines:
    """A list of lines. A line's forms also see the fields of the record around it, under the line's own."""

    lines: tuple[Line, ...]

    def read(self, value: Any, record: Record, names: Names) -> list[Record]:
        return [self._read(line, record, names, number) for number, line in enumerate(listed(value), start=1)]

    def _read(self, line: Any, record: Record, names: Names, number: int) -> Record:
        if not isinstance(line, dict):
            raise Unreadable(f"line {number} is {line!r}, not a line")
        try:
            return _read(self.lines, line, record, names)
        except Unreadable as error:
            raise Unreadable(f"line {number}: {error}") from None

    def write(self, value: Any, fields: Dict[str, Any], names: Names) -> list[Record]:
        return [_write(self.lines, {**line}, {**fields, **line}, names) for line in value]


def _read(lines: tuple[Line, ...], part: Record, record: Record, names: Names) -> Record:
    fields: Record = {}
    for row in lines:
        found, value = dig(part, row.theirs)
        if row.flow == "out" or not row.ours or not found:
            continue
        try:
            fields[row.ours] = None if value is None or value == "" else row.form.read(value, {**record, **part}, names)
        except Unreadable as error:
            raise Unreadable(f"{row.theirs} {error}") from None
    return fields


def _write(lines: tuple[Line, ...], part: Record, around: Record, names: Names) -> Record:
    record: Record = {}
    for row in lines:
        if row.flow == "in":
            continue
        if not row.ours:
            bury(record, row.theirs, row.form.write(None, around, names))
        elif part.get(row.ours) is not None:
            bury(record, row.theirs, row.form.write(part[row.ours], around, names))
    return record


def pointing(form: Form, value: Any, *, theirs: bool) -> Iterator[tuple[str, str]]:
    """Every (kind, key) this value points at: their keys in a record of theirs, our ids in fields of ours."""
    match form:
        case Ref(kind) if value:
            yield kind, str(value)
        case One(inner):
            yield from pointing(inner, (value or [None])[0] if isinstance(value, list) else value, theirs=theirs)
        case Many(inner) if isinstance(value, list):
            for each in value:
                yield from pointing(inner, each, theirs=theirs)
        case Lines(rows) if isinstance(value, list):
            unwanted = "out" if theirs else "in"
            for line, row in product(value, (row for row in rows if row.flow != unwanted)):
                if isinstance(line, dict):
                    yield from pointing(row.form, dig(line, row.theirs if theirs else row.ours)[1], theirs=theirs)
        case _:
            return
