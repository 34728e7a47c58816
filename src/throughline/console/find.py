"""The page of the box: what an id, a name, a number or an amount leads to."""

from dataclasses import dataclass

from throughline.console.pieces import EmptyPlace, Moment
from throughline.console.shell import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRow:
    """One engagement: `by` says by what it was found. `href` is "" for something no deal has led to yet."""

    key: str
    href: str
    name: str
    customer: str
    value: str
    state: str
    holds: int
    by: str
    won: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindPage:
    """`query` is what was typed, "" for nothing yet; `cli` is the same from a terminal, "" without a query."""

    shell: Shell
    summary: str
    fragment_url: str
    query: str
    rows: tuple[FoundRow, ...]
    empty: EmptyPlace
    csv_url: str = ""
    cli: str = ""
