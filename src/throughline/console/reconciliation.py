"""The reconciliation page: how every comparison stands, what does not agree, and whether anything was skipped."""

from dataclasses import dataclass

from throughline.console.pieces import EmptyPlace, Moment
from throughline.console.shell import Shell
from throughline.console.states import Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRow:
    """Two sides that should agree: `left` and `right` say whose word it is, the totals what each comes to.

    `unreconciled` is money as text, "" for none; `breaks` how many there are, `watched` how many differences are too
    young to be breaks. `verdict` is one word with its `tone` and `icon`. `why` says why it could not be made.
    """

    key: str
    href: str
    title: str
    left: str
    left_total: str
    right: str
    right_total: str
    breaks: int
    watched: int
    unreconciled: str
    verdict: str
    tone: Tone
    icon: str
    active: bool
    why: str = ""
    made: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakRow:
    """One break in the queue: `what` is a sentence, `about` what it is about, `amount` "" when nobody knows."""

    key: str
    href: str
    what: str
    sort: str
    comparison: str
    about: str
    engagement_name: str
    engagement_href: str
    owner: str
    age: Moment
    amount: str
    regressed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CensusRow:
    """What a system counts itself of a kind and month beside what we hold; the totals are "" where it cannot add."""

    key: str
    system: str
    kind: str
    period: str
    said: str
    held: str
    said_total: str
    held_total: str
    verdict: str
    tone: Tone
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationPage:
    """`rows` come sorted by amount, the unknown last. `chosen` is the comparison they are limited to, "" for all.

    `all_url` shows all again, `file_url` is the same list as a file. `older_url` and `first_url` are keyset links, ""
    when there is nothing that way.
    """

    shell: Shell
    summary: str
    fragment_url: str
    comparisons: tuple[ComparisonRow, ...]
    rows: tuple[BreakRow, ...]
    censuses: tuple[CensusRow, ...]
    empty: EmptyPlace
    file_url: str
    chosen: str = ""
    all_url: str = ""
    older_url: str = ""
    first_url: str = ""
