"""Causes: what holds have in common, and the page of one with what worked before."""

from dataclasses import dataclass

from throughline.console.deed import Deed
from throughline.console.holds import HoldRow
from throughline.console.pieces import EmptyPlace, Moment
from throughline.console.shell import Shell
from throughline.console.states import Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRow:
    """One cause: how many open holds, their money as text ("" when nobody knows any), how many are unknown."""

    key: str
    href: str
    pattern: str
    where: str
    state: str
    tone: Tone
    holds: str
    amount: str
    unknown: str
    age: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class CausesPage:
    """Most money first; of very many causes only the largest. `summary` is one sentence on the whole."""

    shell: Shell
    summary: str
    fragment_url: str
    holds_url: str
    file_url: str
    rows: tuple[CauseRow, ...]
    empty: EmptyPlace
    cli: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WayRow:
    """One way that was chosen before, and how it ended. `best` marks the one that is proposed."""

    words: str
    times: str
    worked: str
    came_back: str
    last: Moment
    best: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What somebody wrote when it went through."""

    reason: str
    person: str
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class CausePage:
    """`why_grouped` says why these holds are one group; `proposal` what worked before, "" when nothing is known."""

    shell: Shell
    fragment_url: str
    key: str
    pattern: str
    state: str
    tone: Tone
    icon: str
    why_grouped: str
    proposal: str
    resolved: str
    holds: str
    holds_url: str
    amount: str
    unknown: str
    since: Moment
    merged: tuple[tuple[str, str], ...]
    merged_into: str
    rows: tuple[HoldRow, ...]
    ways: tuple[WayRow, ...]
    worked: tuple[Worked, ...]
    deeds: tuple[Deed, ...]
