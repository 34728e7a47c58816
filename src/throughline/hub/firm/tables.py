"""Turns a sheet into a table: known columns for the tables we know, `when` columns for those a firm adds."""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError

from throughline.core.rows import KNOWN
from throughline.core.tables import OwnRow, Place, Row, Table
from throughline.hub.firm.errors import Spot
from throughline.hub.firm.report import Report, closest, suggestion
from throughline.hub.firm.sheets import Cell, Sheet, read_sheet
from throughline.hub.firm.words import in_words

CLASSES: dict[str, type[Row]] = {row.table: row for row in KNOWN}
# A table that is a list per name, and not a question with one answer, is told apart by these columns.
LISTS: dict[str, tuple[str, str]] = {"template_tasks": ("template", "position")}

_SINCE = "effective_from"
_DECIMALS = {
    "hourly_rate",
    "share_percent",
    "percent",
    "overtime_percent",
    "markup_percent",
    "expense_markup_percent",
    "subcontract_markup_percent",
}
_ANY = {"*", "any", "all"}
_COLUMN = re.compile(r"[a-z][a-z0-9_]*")
_WHEN = re.compile(r"when[\s_-]+", re.IGNORECASE)
# These are words of the question itself (`lookup(day=...)`), so a column of that name could never be asked for.
_RESERVED = {"day", "self", "column", "where"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its cells by column, and where it begins."""

    spot: Spot
    cells: dict[str, Cell]

    def text(self, column: str) -> str | None:
        cell = self.cells.get(column)
        return (cell.text or None) if cell else None

    def at(self, column: str) -> Spot:
        return self.cells[column].spot if column in self.cells else self.spot


@dataclass(frozen=True, slots=True)
class Written:
    """A table as it was written, and as it is meant."""

    table: Table[Any]
    lines: list[Line] = field(default_factory=list[Line])

    @classmethod
    def nothing(cls) -> "Written":
        """A table nobody wrote."""
        return cls(Table("", (), ()))

    def column(self, name: str) -> list[Cell]:
        return [line.cells[name] for line in self.lines if line.text(name)]

    def words(self, column: str) -> set[str]:
        return {cell.text for cell in self.column(column)}


def read_table(file: str, text: str, report: Report) -> Written:
    name, before = PurePosixPath(file).stem, len(report)
    sheet = read_sheet(file, text, report)
    kind = CLASSES.get(name)
    columns = _columns(sheet.header, report)
    table = Table.of(kind) if kind else _own(name, sheet.header)
    if sheet.header:
        _check_header(table, kind, sheet.header, report)
    # What is wrong with the header would be repeated as an error of every row.
    headed_well = len(report) == before
    if headed_well:
        _check_width(sheet.rows, columns, report)
    lines = [_line(row, columns) for row in sheet.rows]
    rows = [_row(table, kind, line, _Reader(sheet, report)) for line in lines] if headed_well else []
    if headed_well:
        _refuse_twins(table, lines, report)
    return Written(_filled(table, [row for row in rows if row]), lines)


def _filled(table: Table[Any], rows: list[Row]) -> Table[Any]:
    if table.name in LISTS:
        rows = sorted(rows, key=lambda row: [row.cell(column) for column in LISTS[table.name]])
    return Table(table.name, table.conditions, table.results, tuple(rows), table.dated)


def _columns(header: list[Cell], report: Report) -> list[str]:
    names: list[str] = []
    for cell in header:
        name = _name(cell.text)
        if name and name in names:
            report.add(cell.spot, "duplicate-key", f"column `{name}` is there twice", hint="delete one of the two")
        elif name and (name in _RESERVED or not _COLUMN.fullmatch(name)):
            hint = "write letters, digits and spaces, and begin with a letter"
            report.add(cell.spot, "wrong-form", f"`{cell.text}` cannot be a column's name", hint=hint)
        names.append(name)
    return names


def _name(header: str) -> str:
    return re.sub(r"[\s_-]+", "_", _WHEN.sub("", header, count=1) if _WHEN.match(header) else header).casefold()


def _own(name: str, header: list[Cell]) -> Table[Any]:
    conditions = tuple(_name(cell.text) for cell in header if _WHEN.match(cell.text))
    others = [_name(cell.text) for cell in header if cell.text and not _WHEN.match(cell.text)]
    results = tuple(column for column in others if not column.startswith("x_") and column != _SINCE)
    return Table(name, conditions, results, (), _SINCE in others)


def _check_header(table: Table[Any], kind: type[Row] | None, header: list[Cell], report: Report) -> None:
    if kind is not None:
        _check_known(kind, header, report)
    elif not table.conditions or not table.results:
        message = f"`{table.name}` is not a table we know, and its header does not say how to read it"
        hint = f"{suggestion(table.name, CLASSES)}; for a table of your own, begin each condition's column with `when`"
        report.add(header[0].spot, "unknown-table", message, hint=hint)


def _check_known(kind: type[Row], header: list[Cell], report: Report) -> None:
    written = {_name(cell.text): cell for cell in header if cell.text}
    misspelt: set[str | None] = set()
    for name, cell in written.items():
        if name not in kind.columns() and not name.startswith("x_"):
            misspelt.add(closest(name, set(kind.columns()) - set(written)))
            hint = suggestion(name, set(kind.columns()) - set(written))
            report.add(cell.spot, "unknown-key", f"unknown column `{name}`", hint=hint)
        elif _WHEN.match(cell.text) and name not in kind.conditions():
            report.add(cell.spot, "wrong-form", f"`{name}` is a result, not a condition", hint="leave `when` out")
    for name in kind.columns():
        if kind.model_fields[name].is_required() and name not in {*written, *misspelt}:
            report.add(header[0].spot, "missing", f"column `{name}` is required", hint=f"add a column `{name}`")


def _check_width(rows: list[list[Cell]], columns: list[str], report: Report) -> None:
    for cell in [cell for row in rows for at, cell in enumerate(row) if at >= len(columns) or not columns[at]]:
        if cell.text:
            hint = "put quotes around a text that has the separator in it"
            report.add(cell.spot, "wrong-form", "this cell has no column above it", hint=hint)


def _line(row: list[Cell], columns: list[str]) -> Line:
    cells: dict[str, Cell] = {}
    for column, cell in zip(columns, row, strict=False):
        if column:
            cells.setdefault(column, cell)
    return Line(row[0].spot, cells)


@dataclass(frozen=True, slots=True)
class _Reader:
    """How the cells of one sheet are read."""

    sheet: Sheet
    report: Report

    def text(self, table: Table[Any], line: Line, column: str) -> str | None:
        text = line.text(column)
        if text is None:
            return None
        if column in table.conditions and text.casefold() in _ANY:
            self.report.add(line.at(column), "unknown-word", "any is written as nothing", hint="leave the cell blank")
            return None
        if column in _DECIMALS and self.sheet.decimal_comma:
            return self._decimal(text, line.at(column), column)
        return text

    def _decimal(self, text: str, spot: Spot, column: str) -> str | None:
        """Where semicolons part the cells, Excel writes 1,5; but 1,500 and 1.500 could be either."""
        if re.fullmatch(r"\d+[.,]\d{3}", text):
            message = f"`{column}` could be thousands or decimals"
            self.report.add(spot, "wrong-type", message, hint="write two decimals and no thousands separator")
            return None
        return text.replace(",", ".") if re.fullmatch(r"-?\d+,\d+", text) else text


def _row(table: Table[Any], kind: type[Row] | None, line: Line, reader: _Reader) -> Row | None:
    before = len(reader.report)
    place = Place(file=line.spot.file, line=line.spot.line)
    columns = kind.columns() if kind else (*table.conditions, *table.results)
    cells = {column: reader.text(table, line, column) for column in columns}
    if len(reader.report) > before:
        return None
    try:
        if kind is None:
            since = {_SINCE: line.text(_SINCE)} if line.text(_SINCE) else {}
            return OwnRow.model_validate({"place": place, "cells": cells, **since})
        return kind.model_validate({"place": place, **{name: text for name, text in cells.items() if text is not None}})
    except ValidationError as refused:
        _explain(kind or OwnRow, refused, line, reader.report)
    return None


def _explain(kind: type[Row], refused: ValidationError, line: Line, report: Report) -> None:
    for error in refused.errors(include_url=False):
        column = str(error["loc"][0])
        code, message, hint = in_words(kind, error)
        if code == "missing":
            message, hint = f"`{column}` is blank", "fill in the cell"
        report.add(line.at(column), code, message, hint=hint, where=column)


def _refuse_twins(table: Table[Any], lines: list[Line], report: Report) -> None:
    """Two rows for one question would be a guess every time it is asked."""
    columns = LISTS.get(table.name, (*table.conditions, _SINCE))
    first: dict[tuple[str | None, ...], Line] = {}
    for line in lines:
        question = tuple(line.text(column) for column in columns)
        if question in first:
            twin = first[question].spot
            message = f"this row answers the same question as line {twin.line}"
            report.add(line.spot, "duplicate-row", message, hint="delete one of the two", also=(twin,))
        first.setdefault(question, line)
