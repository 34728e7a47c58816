"""One hold: why a run waits for a person, what may be done, and the page that shows it."""

from dataclasses import dataclass

from throughline.console.deed import Deed
from throughline.console.pieces import Clock, Excerpt, LogEntry, Moment
from throughline.console.shell import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer a person may give: `effect` says what it will do; `recommended` marks the proposed fix."""

    value: str
    label: str
    effect: str
    recommended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A run that waits for a person.

    `key` is unique in the page and stable (an HTML id). `part` names the held part of the process. `amount` is
    money as text, "" when none is at risk. `owner` is a role or a team. `answer_url` takes POST `csrf_token`,
    `choice`, `reason`; `release_url` takes POST `csrf_token`, `reason` and runs the process again; either is ""
    when this person may not. `release_effect` says what releasing will do. `cancel_url` takes POST `csrf_token`,
    `reason` and ends the run for good; `cancel_effect` says what that will do. `cli` is the same action as one
    command line. `resolution` says who closed it, when and why; "" while it is open. `opened` is an age while it is
    open, then a time.
    """

    key: str
    href: str
    why: str
    fix: str
    owner: str
    amount: str
    part: str
    opened: Moment
    choices: tuple[Choice, ...]
    answer_url: str
    release_url: str
    release_effect: str
    cli: str
    clock: Clock | None = None
    resolution: str = ""
    cancel_url: str = ""
    cancel_effect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The head of one compared record: the role it comes from, what it is ("Existing customer"), its key."""

    system: str
    title: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedField:
    """One field across the candidates, in their order; an absent value is ""."""

    name: str
    values: tuple[str, ...]
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Records side by side; `note` says how alike they are ("name 0.97, no tax id on either")."""

    candidates: tuple[Candidate, ...]
    fields: tuple[ComparedField, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody did with it or said about it."""

    person: str
    what: str
    text: str
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPage:
    """`systems` are the roles concerned. `history` is the run's log, newest first. `comparison` only with candidates.

    `engagement_name` and `engagement_href` say where it belongs ("" when the run has no engagement). `run` is the id
    of the waiting run; "" when it is a system that does not let us in, and `engagement_name` says how many wait for
    it. `fragment_url` answers with `render_fragment(page)`. `marks` are words beside its state. `cause_href` leads to
    the others with its cause, which says `cause`. `proposal` is what worked before, "" for nothing. `proposed` says
    what one person has answered where two must agree, "" when nobody has. `difference` is what they hold and what we
    wanted to send, in that order, `difference_note` where. `exchange` is the last that did not go well, as it was on
    the wire.
    """

    shell: Shell
    hold: Hold
    systems: tuple[str, ...]
    engagement_name: str
    engagement_href: str
    run: str
    fragment_url: str
    history: tuple[LogEntry, ...]
    comparison: Comparison | None = None
    marks: tuple[str, ...] = ()
    cause: str = ""
    cause_href: str = ""
    proposal: str = ""
    difference: tuple[ComparedField, ...] = ()
    difference_note: str = ""
    exchange: Excerpt | None = None
    notes: tuple[Note, ...] = ()
    deeds: tuple[Deed, ...] = ()
    proposed: str = ""
