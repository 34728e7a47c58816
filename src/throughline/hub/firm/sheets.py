"""Reads CSV the way Excel writes it, keeping where every cell stood."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from throughline.hub.firm.errors import Spot
from throughline.hub.firm.report import Report

_DELIMITERS = ",;\t"
_SEPARATOR_LINE = re.compile(r"sep=(.)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    spot: Spot


@dataclass(frozen=True, slots=True)
class Sheet:
    """The header and the rows that hold anything. A comma may be a decimal comma where it does not part the cells."""

    header: list[Cell]
    rows: list[list[Cell]]
    decimal_comma: bool


def read_sheet(file: str, text: str, report: Report) -> Sheet:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = 0
    announced = _SEPARATOR_LINE.fullmatch(lines[0].strip())
    if announced:
        first = 1
    delimiter = announced[1] if announced else _delimiter(next((line for line in lines if line.strip()), ""))
    read = [row for row in _Reading(file, lines, delimiter, report).rows(first) if any(cell.text for cell in row)]
    if not read:
        report.add(Spot(file, 1), "empty", "this table has no header line", hint="name the columns in the first line")
        return Sheet([], [], decimal_comma=False)
    return Sheet(read[0], read[1:], decimal_comma=delimiter != ",")


def _delimiter(header: str) -> str:
    outside = re.sub(r'"[^"]*"', "", header)
    return max(_DELIMITERS, key=outside.count)


class _Reading:
    """A cursor over the lines; a quoted cell may run over several."""

    def __init__(self, file: str, lines: list[str], delimiter: str, report: Report) -> None:
        self.file, self.lines, self.delimiter, self.report = file, lines, delimiter, report
        self.line = 0

    def rows(self, first: int) -> Iterator[list[Cell]]:
        self.line = first
        while self.line < len(self.lines):
            yield self._row()
            self.line += 1

    def _row(self) -> list[Cell]:
        cells: list[Cell] = []
        at: int | None = 0
        while at is not None:
            cell, at = self._cell(at)
            cells.append(cell)
        return cells

    def _cell(self, at: int) -> tuple[Cell, int | None]:
        """The cell that begins here, and where the next one does."""
        line = self.lines[self.line]
        start = at + len(line[at:]) - len(line[at:].lstrip(" "))
        if line[start : start + 1] == '"':
            return self._quoted(start)
        end = line.find(self.delimiter, at)
        raw = line[at:] if end < 0 else line[at:end]
        text = raw.strip()
        begins = at + len(raw) - len(raw.lstrip()) if text else at
        return Cell(text, self._spot(self.line, begins, len(text))), None if end < 0 else end + 1

    def _quoted(self, start: int) -> tuple[Cell, int | None]:
        first, at, text = self.line, start + 1, ""
        while True:
            line = self.lines[self.line]
            end = line.find('"', at)
            if end >= 0 and line[end + 1 : end + 2] == '"':
                text, at = text + line[at:end] + '"', end + 2
            elif end >= 0:
                return self._closed(first, start, text + line[at:end], end + 1)
            elif self.line + 1 < len(self.lines):
                text, at, self.line = f"{text}{line[at:]}\n", 0, self.line + 1
            else:
                spot = self._spot(first, start, 1)
                self.report.add(spot, "syntax", "this quote is never closed", hint='close it with "')
                return Cell("", spot), None

    def _closed(self, first: int, start: int, text: str, end: int) -> tuple[Cell, int | None]:
        line = self.lines[self.line]
        following = line.find(self.delimiter, end)
        rest = line[end:] if following < 0 else line[end:following]
        if rest.strip():
            spot = self._spot(self.line, end, len(rest))
            message = f"there is text after this quote, which closes the one on line {first + 1}"
            self.report.add(spot, "syntax", message, hint='write "" for a quote inside a text')
        width = end - start if self.line == first else 1
        return Cell(text.strip(), self._spot(first, start, width)), None if following < 0 else following + 1

    def _spot(self, line: int, column: int, width: int) -> Spot:
        return Spot(self.file, line + 1, column + 1, max(1, width))
