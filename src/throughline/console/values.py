"""The page that says why each value is what it is."""

from dataclasses import dataclass

from throughline.console.pieces import Moment
from throughline.console.shell import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueRow:
    """One field: `refused` are sentences; `capture_cli` shows the exchange it was said in ("" when it is not known)."""

    thing: str
    field: str
    value: str
    system: str
    at: Moment | None
    rule: str
    refused: tuple[str, ...]
    unread: str
    capture: str
    capture_cli: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    """One thing with its fields: `systems` are the roles that tell of it."""

    key: str
    title: str
    our_id: str
    systems: tuple[str, ...]
    note: str
    rows: tuple[ValueRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesPage:
    """`things` are the deal's, then its customer, then what was made of it."""

    shell: Shell
    name: str
    summary: str
    fragment_url: str
    things: tuple[Valued, ...]
    csv_url: str
    back_url: str
    cli: str
