"""A board: its columns, and rows of plain values; a value that is None is not known."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from throughline.core.money import Money

type Value = str | int | Decimal | Money | date | datetime | None


class Sort(StrEnum):
    """What a column holds."""

    TEXT = "text"
    COUNT = "count"
    HOURS = "hours"
    MONEY = "money"
    DAY = "day"
    MOMENT = "moment"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Column:
    """`key` is what programs call it, `title` what people do."""

    key: str
    title: str
    sort: Sort = Sort.TEXT


@dataclass(frozen=True, slots=True)
class BoardRow:
    """`about` is the engagement behind it, if it has one; `tone` says how it stands: ok, warn, risk or wait."""

    key: str
    about: str
    tone: str
    values: Dict[str, Value]


@dataclass(frozen=True, slots=True)
class Board:
    """`more` says that only the most urgent rows are there."""

    name: str
    title: str
    meaning: str
    columns: tuple[Column, ...]
    rows: tuple[BoardRow, ...]
    more: bool = False
