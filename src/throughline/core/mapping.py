"""Mapping tables: what one of our fields is called, and how it is spelled, in another system.

A mapping is a value and holds no functions, so it can be printed in the docs, shown in the console and overlaid by
a firm without a release. `read` and `write` are the pure pair: a record in, a claim out, and back.
"""

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal

from throughline.core.claims import Claim
from throughline.core.entities import Entity
from throughline.core.forms import SAME, Form, Names, Record, Unreadable, dig
from throughline.core.lists import pointing
from throughline.core.records import bury


class Rung(StrEnum):
    """How strongly a vendor lets us do a thing once; DESIGN section 6."""

    UPSERT = "A"
    IDEMPOTENCY_KEY = "B"
    MARKER = "C"
    NATURAL_KEY = "D"
    NOTHING = "E"


# What can follow an unknown outcome once it cannot be repeated: a look, or a question.
LOOKED_UP = frozenset({Rung.MARKER, Rung.NATURAL_KEY, Rung.NOTHING})


@dataclass(frozen=True, slots=True)
class Row:
    """One field: our word, their word, and how they spell the value."""

    ours: str
    theirs: str
    form: Form = SAME
    flow: Literal["both", "in", "out"] = "both"


@dataclass(frozen=True, slots=True)
class Mapping:
    """One entity, one resource, one row per field.

    `key` is their id's field; `id_field` where they keep ours, if they do; `changed` the field a cursor runs over;
    `author` who changed the record last, so that our own writes are recognised when they come back. `poll_seconds` is
    for what seldom changes: it is asked for no more often than that, however often the system's other kinds are.

    `settle_seconds` is how long an unknown outcome may still appear: more than our deadline, `late_seconds` (how long
    they were seen to go on working after we gave up) and `lag_seconds` (how far their search is behind) together.
    Rung B needs `key_window_seconds`, for how long they remember a key, and `after_window`, the rung they offer then.
    Rung D needs `natural_key`, our fields that tell one thing from another. `control` is our field of money whose sum
    they can tell: a control total.
    """

    entity: type[Entity]
    resource: str
    key: str
    rows: tuple[Row, ...]
    changed: str | None = None
    poll_seconds: float = 0
    author: str | None = None
    id_field: str | None = None
    rung: Rung = Rung.NOTHING
    settle_seconds: float = 60
    late_seconds: float = 0
    lag_seconds: float = 0
    key_window_seconds: float | None = None
    after_window: Rung = Rung.NOTHING
    natural_key: tuple[str, ...] = ()
    control: str | None = None

    def __post_init__(self) -> None:
        unknown = {row.ours for row in self.rows if row.ours} - set(self.entity.model_fields)
        if unknown:
            raise ValueError(f"{self.entity.__name__} has no field {', '.join(sorted(unknown))}")
        if self.rung is Rung.IDEMPOTENCY_KEY and not (self.key_window_seconds and self.after_window in LOOKED_UP):
            raise ValueError(
                f"{self.kind} declares rung B: say for how long they remember a key (key_window_seconds), and what they"
                " offer when they have forgotten it (after_window: C, D or E)"
            )
        if Rung.NATURAL_KEY in {self.rung, self.after_window} and not self.natural_key:
            raise ValueError(f"{self.kind} declares rung D: say which of our fields tell one from another: natural_key")
        if lost := set(self.natural_key) - self.read_back():
            raise ValueError(f"{', '.join(sorted(lost))} in natural_key of {self.kind} is not both sent and read back")

    @property
    def kind(self) -> str:
        return self.entity.kind

    def read(self, record: Record, *, system: str, names: Names) -> Claim:
        """What this record claims about one of our entities. A field the record does not carry is not claimed."""
        fields: dict[str, Any] = {}
        unread: dict[str, str] = {}
        for row in self.rows:
            if row.flow == "out" or not row.ours:
                continue
            found, value = dig(record, row.theirs)
            if not found:
                continue
            try:
                fields[row.ours] = None if value is None or value == "" else row.form.read(value, record, names)
            except Unreadable as error:
                unread[row.ours] = f"{row.theirs} {error}"
        author = dig(record, self.author)[1] if self.author else None
        return Claim(self.kind, str(dig(record, self.key)[1]), system, fields, unread, author and str(author))

    def write(self, fields: Dict[str, Any], *, names: Names, around: Dict[str, Any] | None = None) -> Record:
        """The record we would send for these fields (JSON values of ours). A form may look at the fields `around`."""
        around = fields if around is None else around
        record: Record = {}
        for row in self.rows:
            if row.flow == "in":
                continue
            if not row.ours:
                bury(record, row.theirs, row.form.write(None, around, names))
            elif row.ours in fields and fields[row.ours] is not None:
                bury(record, row.theirs, row.form.write(fields[row.ours], around, names))
        return record

    def writable(self) -> frozenset[str]:
        """Our fields that this mapping can send."""
        return frozenset(row.ours for row in self.rows if row.ours and row.flow != "in")

    def read_back(self) -> frozenset[str]:
        """Our fields that they are sent and show again: by these a record of theirs can be compared with ours."""
        return self.writable() & {row.ours for row in self.rows if row.flow != "out"}

    def refs(self, record: Record) -> Iterator[tuple[str, str]]:
        """Every (kind, their key) this record points at, so that names can be fetched before reading."""
        for row in self.rows:
            if row.flow != "out":
                yield from pointing(row.form, dig(record, row.theirs)[1], theirs=True)

    def known_as(self, record: Record) -> str | None:
        """What tells who this is in every system, spelled alike; None when the record does not say it."""
        row = next((row for row in self.rows if row.ours == self.entity.known_by and row.flow != "out"), None)
        said = dig(record, row.theirs)[1] if row else None
        return (said.strip().casefold() or None) if isinstance(said, str) else None

    def pointers(self, fields: Dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Every (kind, our id) these fields point at, so that their keys can be fetched before writing."""
        for row in self.rows:
            if row.flow != "in":
                yield from pointing(row.form, fields.get(row.ours), theirs=False)

    def overlaid(self, rows: tuple[Row, ...]) -> "Mapping":
        """The same mapping with a firm's own rows: a row for a field we have replaces ours."""
        ours = {row.ours for row in rows if row.ours}
        return replace(self, rows=(*(row for row in self.rows if row.ours not in ours), *rows))
