"""The small values several pages share: a moment, a clock, a step in the log, an empty place."""

from dataclasses import dataclass

from throughline.console.states import State, Tone


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: `iso` is RFC 3339 with an offset, for machines; `text` is what people read.

    `age=True` says that `text` is an age such as "3 h 10 m": the browser may then keep it current.
    """

    iso: str
    text: str
    age: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """An agreed time running down: `text` such as "1 h 42 m left of 4 h", `percent` used of it (0 to 100)."""

    name: str
    text: str
    tone: Tone
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """What was said on the wire, scrubbed and shortened: first lines as sent and as answered; "" when there is none."""

    request: str
    response: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of a log, newest first.

    `key` is unique in the page and never changes for the same event (it becomes an HTML id: an open row stays open).
    `system` is a role: crm, psa, erp, chat, hr, time, bank or hub. `detail` is one sentence. `duration` such as
    "1.9 s", `external_id` their key or ours; both "" when unknown. `gap_below` is the quiet time before this event,
    such as "2 days", "" to show none.
    """

    key: str
    at: Moment
    system: str
    title: str
    detail: str
    state: State
    duration: str = ""
    external_id: str = ""
    excerpt: Excerpt | None = None
    gap_below: str = ""


@dataclass(frozen=True, slots=True)
class EmptyPlace:
    """What a list says when it has no rows: what would be here, and the one command that fills it ("" for none)."""

    title: str
    text: str
    command: str = ""
