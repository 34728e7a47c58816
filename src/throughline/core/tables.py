"""A firm's tables: the most specific row that fits wins, and two equally specific rows are refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from throughline.core.entities.base import Day
from throughline.core.errors import Hold


class When:
    """Marks a column as a condition: a blank cell there means any."""


class Place(BaseModel):
    """Where a row was written, for messages to the person who wrote it."""

    model_config = ConfigDict(frozen=True)

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Row(BaseModel):
    """One line of a table: its conditions say when it holds, its results what is then so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: ClassVar[str]
    place: Place

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        return tuple(name for name in cls.model_fields if name != "place")

    @classmethod
    def conditions(cls) -> tuple[str, ...]:
        return tuple(
            name for name, field in cls.model_fields.items() if any(isinstance(m, When) for m in field.metadata)
        )

    def cell(self, column: str) -> Any:
        """What stands in a column; the same for tables we know and tables a firm adds."""
        return getattr(self, column)

    @property
    def since(self) -> date | None:
        """The day from which the row holds; None is always."""
        return None


class OwnRow(Row):
    """A line of a table the firm invented: we know which columns are conditions, not what they mean."""

    table: ClassVar[str] = ""

    cells: Mapping[str, str | None]
    effective_from: Day | None = None

    def cell(self, column: str) -> Any:
        return self.effective_from if column == "effective_from" else self.cells[column]

    @property
    def since(self) -> date | None:
        return self.effective_from


class Ambiguous(Hold):
    """Two rows fit equally well, so either would be a guess."""

    def __init__(self, table: str, rows: tuple[Row, ...], asked: Mapping[str, str]) -> None:
        self.rows = rows
        question = ", ".join(f"{name} {value}" for name, value in asked.items())
        places = " and ".join(str(row.place) for row in rows)
        why = f"Table {table} has {len(rows)} rows that fit {question or 'everything'} equally well: {places}."
        super().__init__(why, fix="Delete one of them, or fill in one more condition in the row that should win.")


@dataclass(frozen=True, slots=True)
class Table[R: Row]:
    """Rows in the order they were written, and which of their columns are conditions and which are results."""

    name: str
    conditions: tuple[str, ...]
    results: tuple[str, ...]
    rows: tuple[R, ...] = ()
    dated: bool = False

    @classmethod
    def of(cls, row: type[R], rows: tuple[R, ...] = ()) -> Self:
        conditions, dated = row.conditions(), "effective_from" in row.model_fields
        results = tuple(c for c in row.columns() if c not in conditions and c != "effective_from")
        return cls(row.table, conditions, results, rows, dated)

    def lookup(self, *, day: date | None = None, **conditions: str | bool | None) -> R | None:
        """The most specific row that fits, the newest of them on `day`; None when no row fits.

        A condition left out or None is not known, and fits only a row that does not ask for it.
        """
        asked = self._asked(conditions)
        fitting = [row for row in self.rows if self._fits(row, asked) and self._holds(row, day)]
        if not fitting:
            return None
        best = max(self._rank(row) for row in fitting)
        winner, *others = [row for row in fitting if self._rank(row) == best]
        if others:
            raise Ambiguous(self.name, (winner, *others), asked)
        return winner

    def find(self, **cells: object) -> tuple[R, ...]:
        """Every row whose cells say exactly this, as written: a template's tasks, or whose id an id is."""
        for column in cells:
            self._known(column, (*self.conditions, *self.results))
        return tuple(row for row in self.rows if all(_text(row.cell(c)) == _text(v) for c, v in cells.items()))

    def translate(self, column: str, where: Mapping[str, str], *, day: date | None = None) -> str | None:
        """One cell, asked for by conditions or by what stands in other columns: their id for our word, and back."""
        if set(where) <= set(self.conditions):
            row = self.lookup(day=day, **where)
            rows = () if row is None else (row,)
        else:
            rows = self.find(**where)
        if len({row.cell(column) for row in rows}) > 1:
            raise Ambiguous(self.name, rows, where)
        return next((_text(row.cell(column)) for row in rows if row.cell(column) is not None), None)

    def _asked(self, conditions: Mapping[str, str | bool | None]) -> dict[str, str]:
        for name in conditions:
            self._known(name, self.conditions)
        return {name: _text(value) for name, value in conditions.items() if value is not None}

    def _known(self, column: str, columns: tuple[str, ...]) -> None:
        if column not in columns:
            raise TypeError(f"table {self.name} has no column {column} here; it has {', '.join(columns) or 'none'}")

    def _fits(self, row: R, asked: Mapping[str, str]) -> bool:
        return all(row.cell(name) is None or _text(row.cell(name)) == asked.get(name) for name in self.conditions)

    def _holds(self, row: R, day: date | None) -> bool:
        if not self.dated:
            return True
        if day is None:
            raise TypeError(f"table {self.name} changes over time: say for which day you ask")
        return row.since is None or row.since <= day

    def _rank(self, row: R) -> tuple[int, date]:
        asks = sum(row.cell(name) is not None for name in self.conditions)
        return asks, row.since or date.min


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
