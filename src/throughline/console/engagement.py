"""One engagement's page: a won deal's journey through every system, live."""

from dataclasses import dataclass

from throughline.console.charts.lanes import Lanes
from throughline.console.hold import Hold
from throughline.console.pieces import Clock, LogEntry
from throughline.console.shell import Shell
from throughline.console.states import StageKey, State, Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of the strip: `value` is the fact reached ("C-4471", "EUR 486,000"), `note` a time or a duration."""

    key: StageKey
    state: State
    value: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdRow:
    """The same thing in one system: `system` is the role, `href` opens it there ("" when it has no address)."""

    system: str
    entity: str
    id: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyFact:
    """One figure with its currency, as text; `tone` is "risk" only for money at risk."""

    label: str
    value: str
    note: str = ""
    tone: Tone = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderStep:
    """One rung of the money ladder: `percent` of the longest one; `value` is "" when nothing is known of it."""

    label: str
    value: str
    note: str
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderGap:
    """A difference between two rungs by its name: `tone` is risk when it does not tie, else wait."""

    name: str
    value: str
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementPage:
    """`summary` is one sentence for those who listen ("Contract held. 1 open hold, EUR 62,400 at risk.").

    `stages` are all six, in order of `StageKey`. `log` is newest first; `log_note` counts it ("46 events");
    `older_url` shows earlier events ("" for none). `holds` are the open ones. `correlation_id` is copied by the
    reader, so it is whole. `fragment_url` answers with `render_fragment(page)`. `log_footnote` states a verified fact
    about the log ("" for none). `values_url` says why each value is what it is, `pack_url` is the evidence to take
    home, `cli` tells the same from a terminal.
    """

    shell: Shell
    name: str
    our_id: str
    customer: str
    commercial_model: str
    correlation_id: str
    summary: str
    fragment_url: str
    stages: tuple[Stage, ...]
    chart: Lanes
    log: tuple[LogEntry, ...]
    log_note: str
    ids: tuple[IdRow, ...]
    holds: tuple[Hold, ...]
    money: tuple[MoneyFact, ...]
    clocks: tuple[Clock, ...] = ()
    older_url: str = ""
    log_footnote: str = ""
    values_url: str = ""
    pack_url: str = ""
    cli: str = ""
    ladder: tuple[LadderStep, ...] = ()
    gaps: tuple[LadderGap, ...] = ()
