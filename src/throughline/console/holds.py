"""The holds page: the exception queue, most money first."""

from dataclasses import dataclass

from throughline.console.pieces import Clock, EmptyPlace, Moment
from throughline.console.shell import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerFilter:
    """One link above the queue: an owner and how many holds are theirs; `active` marks the one in force."""

    name: str
    href: str
    count: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """One hold in the queue: `systems` are the roles concerned, `amount` money as text ("" for none)."""

    key: str
    href: str
    why: str
    fix: str
    owner: str
    amount: str
    age: Moment
    systems: tuple[str, ...]
    engagement_name: str
    engagement_href: str
    clock: Clock | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldsPage:
    """`rows` come sorted by amount, then by clock, as the query returned them. `summary` is one sentence on the whole.

    `owners` starts with everyone. `older_url` and `first_url` are keyset links, "" when there is nothing that way.
    `fragment_url` answers with `render_fragment(page)` for the same query.
    """

    shell: Shell
    summary: str
    fragment_url: str
    owners: tuple[OwnerFilter, ...]
    rows: tuple[HoldRow, ...]
    empty: EmptyPlace
    older_url: str = ""
    first_url: str = ""
