"""A board's values in words and as cells of a file, the same in every door."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

from throughline.core.money import Money, plain
from throughline.hub.boards.board import Board, Sort, Value
from throughline.hub.kpis.wording import UNKNOWN, money

# A spreadsheet takes these for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# A sum of money, or a name, that is not there is not known; a moment that is not there has not been agreed on.
MAY_BE_OPEN = frozenset({Sort.MOMENT, Sort.DAY, Sort.TEXT})


def said(value: Value, sort: Sort) -> str:  # noqa: PLR0911 - one for each sort of value
    match value:
        case None:
            return "" if sort in MAY_BE_OPEN else UNKNOWN
        case Money():
            return money(value)
        case datetime():
            there = value.astimezone(UTC)
            return f"{there.day} {there:%b %H:%M}"
        case date():
            return f"{value.day} {value:%b %Y}"
        case Decimal():
            return f"{plain(value)} h" if sort is Sort.HOURS else plain(value)
        case int():
            return f"{value:,}"
        case str():
            return value


def as_csv(board: Board) -> str:
    """Money takes two columns: the amount, and its currency."""
    text = io.StringIO()
    writer = csv.writer(text)
    heads = [[each.key, f"{each.key}_currency"] if each.sort is Sort.MONEY else [each.key] for each in board.columns]
    writer.writerow(["key", "engagement", *(name for names in heads for name in names)])
    for row in board.rows:
        cells = [cell for each in board.columns for cell in _cells(row.values[each.key], each.sort)]
        writer.writerow([_safe(cell) for cell in (row.key, row.about, *cells)])
    return text.getvalue()


def _cells(value: Value, sort: Sort) -> list[str]:
    if sort is Sort.MONEY:
        return [plain(value.amount), value.currency] if isinstance(value, Money) else ["", ""]
    match value:
        case None:
            return [""]
        case datetime():
            return [value.astimezone(UTC).isoformat()]
        case date():
            return [value.isoformat()]
        case Decimal():
            return [plain(value)]
        case _:
            return [str(value)]


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
