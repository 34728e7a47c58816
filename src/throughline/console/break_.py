"""One break: what each side says, the records behind both numbers, and what can be done through the processes."""

from dataclasses import dataclass

from throughline.console.hold import ComparedField
from throughline.console.pieces import Moment
from throughline.console.shell import Shell
from throughline.console.states import Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """A record behind a number: `facts` are its fields as names and text; `system` its place, "" for one of ours."""

    key: str
    title: str
    detail: str
    system: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Something that can be done: what it does, and the command that does it; `href` leads to it, "" for nowhere."""

    verb: str
    what: str
    command: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakPage:
    """`left` and `right` say whose word it is; a compared field has their values in that order, "" for nothing.

    `amount` is money as text, "" when nobody knows. `closed` says when it agreed again, "" while it does not.
    """

    shell: Shell
    fragment_url: str
    what: str
    key: str
    sort: str
    state: str
    tone: Tone
    icon: str
    comparison: str
    comparison_href: str
    amount: str
    owner: str
    since: Moment
    first_seen: Moment
    last_seen: Moment
    about: str
    period: str
    engagement_name: str
    engagement_href: str
    left: str
    right: str
    fields: tuple[ComparedField, ...]
    left_records: tuple[SourceRecord, ...]
    right_records: tuple[SourceRecord, ...]
    remedies: tuple[Remedy, ...]
    closed: str = ""
