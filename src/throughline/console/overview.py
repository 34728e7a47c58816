"""The quote to cash page: the few figures that matter, money through the flow, every hop, and what is due next."""

from dataclasses import dataclass

from throughline.console.charts.flow import Flow
from throughline.console.pieces import EmptyPlace, Moment
from throughline.console.shell import Shell
from throughline.console.states import Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One figure: `value` in words, or "unknown"; `note` says what it is made of, `href` leads to what is behind it."""

    key: str
    label: str
    value: str
    note: str
    tone: Tone
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageHead:
    """A stage above its bar: its money, how many, and where they are listed."""

    label: str
    system: str
    value: str
    note: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HopCard:
    """One hop: how long it takes, what was agreed on, how much was in time (`percent`), and what runs late."""

    key: str
    title: str
    between: tuple[str, str]
    took: str
    agreed: str
    attainment: str
    percent: int
    tone: Tone
    running: str
    drained: str
    late: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """A clock that is late or runs out next: `left` such as "12 m left" or "3 h over"."""

    key: str
    name: str
    hop: str
    href: str
    left: str
    tone: Tone
    due: Moment
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewPage:
    """`not_drawn` names money the picture leaves out, "" when it draws all of it."""

    shell: Shell
    summary: str
    fragment_url: str
    tiles: tuple[Tile, ...]
    stages: tuple[StageHead, ...]
    flow: Flow
    not_drawn: str
    hops: tuple[HopCard, ...]
    due: tuple[DueRow, ...]
    empty: EmptyPlace
