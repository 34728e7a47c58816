"""A board, or a list of clocks: rows and columns for one team, the most urgent first."""

from dataclasses import dataclass

from throughline.console.pieces import EmptyPlace
from throughline.console.shell import Shell
from throughline.console.states import Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Another board, or other clocks."""

    text: str
    href: str
    active: bool


@dataclass(frozen=True, slots=True)
class Head:
    """A column: `wide` may break into lines, `number` stands on the right."""

    text: str
    wide: bool
    number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardCell:
    """What stands in it; a `state` is a chip with its tone and icon, `mark` is "" for plain text."""

    text: str
    number: bool = False
    wide: bool = False
    tone: Tone = ""
    icon: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardLine:
    """A row: the first cell names it and leads to `href`, "" when there is nothing behind it."""

    key: str
    href: str
    tone: Tone
    cells: tuple[BoardCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """`more` says that only the most urgent rows are shown; the file has all. `command` is its twin on a terminal."""

    shell: Shell
    title: str
    summary: str
    fragment_url: str
    choices: tuple[Choice, ...]
    filters: tuple[Choice, ...]
    heads: tuple[Head, ...]
    rows: tuple[BoardLine, ...]
    file_url: str
    command: str
    empty: EmptyPlace
    more: bool = False
    older_url: str = ""
    first_url: str = ""
