"""What a table of SuiteQL is: rows, and what its columns are on the shelf."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from throughline.sandbox.shelf import Record, Shelf

type Kind = Literal["text", "number", "flag", "day", "moment"]
type Rows = Callable[[Shelf], Iterable[Record]]


@dataclass(frozen=True, slots=True)
class Column:
    """`to` and `choices` are what BUILTIN.DF needs to show a name instead of an id."""

    kept_as: str
    kind: Kind = "text"
    to: str = ""
    choices: Mapping[str, str] = field(default_factory=dict[str, str])

    def read(self, record: Record) -> Any:
        value = record.get(self.kept_as)
        if value is None or value == "":
            return "F" if self.kind == "flag" else None
        match self.kind:
            case "text":
                return str(value)
            case "number":
                return Decimal(value)
            case "flag":
                return "T" if value is True or value == "T" else "F"
            case "day":
                return date.fromisoformat(value)
            case "moment":
                return datetime.fromisoformat(value)


@dataclass(frozen=True, slots=True)
class Table:
    rows: Rows
    columns: Mapping[str, Column]


def of(kind: str) -> Rows:
    return lambda shelf: list(shelf.all(kind).values())


def columns(*, text: str = "", number: str = "", flag: str = "", day: str = "", moment: str = "") -> dict[str, Column]:
    """Columns named as their fields, but in lower case."""
    kinds: dict[Kind, str] = {"text": text, "number": number, "flag": flag, "day": day, "moment": moment}
    return {name.lower(): Column(name, kind) for kind, names in kinds.items() for name in names.split()}


def links(**to: str) -> dict[str, Column]:
    """Columns that hold the id of a record of another type: column = "field:type"."""
    return {column: Column(said.split(":")[0], "number", to=said.split(":")[1]) for column, said in to.items()}


BASE = {
    **columns(text="externalId lastModifiedBy", number="id", flag="isInactive", moment="lastModifiedDate"),
    "datecreated": Column("createdDate", "moment"),
}
