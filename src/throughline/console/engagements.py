"""The engagements page: every won deal and how far it has come."""

from dataclasses import dataclass

from throughline.console.pieces import EmptyPlace, Moment
from throughline.console.shell import Shell
from throughline.console.states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementRow:
    """One engagement: `value` is money as text, `stage` the name of the stage it has reached and `state` that stage's.

    `holds` is how many are open, `at_risk` their money as text ("" when none), `age` since the deal was won.
    """

    key: str
    href: str
    name: str
    our_id: str
    customer: str
    value: str
    stage: str
    state: State
    holds: int
    at_risk: str
    age: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementsPage:
    """`summary` is one sentence on the whole ("214 engagements, 3 held, EUR 186,400 at risk").

    `fragment_url` answers with `render_fragment(page)` for the same query. `older_url` and `newest_url` are keyset
    links, "" when there is nothing that way.
    """

    shell: Shell
    summary: str
    fragment_url: str
    rows: tuple[EngagementRow, ...]
    empty: EmptyPlace
    older_url: str = ""
    newest_url: str = ""
