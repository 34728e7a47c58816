"""Batches: what one deed for many holds would be about, and how far it has come."""

from dataclasses import dataclass

from throughline.console.hold import Choice
from throughline.console.pieces import EmptyPlace, Moment
from throughline.console.shell import Shell
from throughline.console.states import Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBatchPage:
    """A dry run: `summary` says how many holds and what they come to, `unfit` what would be left ("" for nothing).

    `begin_url` takes POST `csrf_token`, `action`, `choice`, `to`, `until`, `canary`, `reason` and the `hidden` names
    and values. `answers` are the choices these holds offer. `back_url` leads to the queue.
    """

    shell: Shell
    summary: str
    unfit: str
    begin_url: str
    back_url: str
    hidden: tuple[tuple[str, str], ...]
    actions: tuple[Choice, ...]
    answers: tuple[str, ...]
    cli: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItemRow:
    """One hold of a batch, and what became of it."""

    key: str
    href: str
    hold: str
    why: str
    amount: str
    state: str
    tone: Tone
    icon: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """One batch in the list."""

    key: str
    href: str
    what: str
    reason: str
    person: str
    state: str
    tone: Tone
    icon: str
    progress: str
    percent: int
    left: str
    age: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchesPage:
    """Batches, newest first."""

    shell: Shell
    summary: str
    fragment_url: str
    rows: tuple[BatchRow, ...]
    empty: EmptyPlace
    older_url: str = ""
    first_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPage:
    """`cancel_url` takes POST `csrf_token`; "" when it is over. `why` says why it was stopped."""

    shell: Shell
    fragment_url: str
    batch: BatchRow
    amount: str
    unknown: str
    canary: str
    why: str
    items: tuple[BatchItemRow, ...]
    file_url: str
    cancel_url: str
    cli: str
    cause_href: str = ""
    older_url: str = ""
    first_url: str = ""
