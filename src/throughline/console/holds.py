"""The holds page: the exception queue, most money first."""

from dataclasses import dataclass

from throughline.console.pieces import Clock, EmptyPlace, Moment
from throughline.console.shell import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One link above the queue: a value and how many holds have it ("" unknown); `active` marks the one in force."""

    name: str
    href: str
    count: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """One way to cut the queue; `folded` ones are shown when asked for."""

    title: str
    filters: tuple[Filter, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """One hold in the queue: `systems` are the roles concerned, `amount` money as text ("" for none).

    `marks` are words beside it, such as "Came back"; `cause_href` leads to what it has in common with others.
    """

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
    marks: tuple[str, ...] = ()
    cause_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldsPage:
    """`rows` come sorted by amount, then by clock, as the query returned them. `summary` is one sentence on the whole.

    `older_url` and `first_url` are keyset links, "" when there is nothing that way. `fragment_url` answers with
    `render_fragment(page)` for the same query. `choose_url` takes POST `csrf_token`, `scope` (ticked or all), the
    ticked `id`s and the `cut` as names and values; "" when nothing can be done to these. `fitting` is how many fit.
    """

    shell: Shell
    summary: str
    fragment_url: str
    facets: tuple[Facet, ...]
    rows: tuple[HoldRow, ...]
    empty: EmptyPlace
    causes_url: str
    batches_url: str
    file_url: str
    choose_url: str = ""
    cut: tuple[tuple[str, str], ...] = ()
    narrowed: bool = False
    fitting: str = ""
    cli: str = ""
    older_url: str = ""
    first_url: str = ""
