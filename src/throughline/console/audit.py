"""The audit trail's pages: the log and how far it is signed, one leaf with its proof, and what a verification found."""

from dataclasses import dataclass

from throughline.console.pieces import EmptyPlace, Moment
from throughline.console.shell import Shell
from throughline.console.states import Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafRow:
    """One action: who did what to what. `about_href` leads to the engagement ("" for none)."""

    key: str
    href: str
    place: str
    at: Moment
    actor: str
    action: str
    object: str
    engagement: str
    about_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One thing the log is filtered by: `value` as it was typed, "" for none."""

    name: str
    label: str
    value: str
    type: str = "text"
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of how the log stands: `tone` is "" unless somebody should look."""

    label: str
    value: str
    note: str = ""
    tone: Tone = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """`note` and `public_key` are what is kept elsewhere. `pack_url` is "" unless an engagement or a time is chosen."""

    shell: Shell
    summary: str
    fragment_url: str
    rows: tuple[LeafRow, ...]
    filters: tuple[Filter, ...]
    facts: tuple[Fact, ...]
    note: str
    public_key: str
    verify_url: str
    csv_url: str
    pack_url: str
    all_url: str
    cli: str
    empty: EmptyPlace
    older_url: str = ""
    newest_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafPage:
    """One leaf, whole, and what proves that it is in the log. `path` is the audit path, from the leaf upwards."""

    shell: Shell
    summary: str
    place: str
    entry: str
    facts: tuple[Fact, ...]
    about_href: str
    size: str
    path: tuple[str, ...]
    note: str
    public_key: str
    cli: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationPage:
    """What reading the whole log found; `findings` is empty when everything is as it was signed."""

    shell: Shell
    summary: str
    fine: bool
    facts: tuple[Fact, ...]
    findings: tuple[str, ...]
    back_url: str
    cli: str
