"""The systems page: what is installed, which roles it plays, and whether it can be worked with now."""

from dataclasses import dataclass

from throughline.console.pieces import EmptyPlace, Moment
from throughline.console.shell import Shell
from throughline.console.states import SystemState, Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRow:
    """One system: `roles` such as ("crm",); `note` explains the state in one sentence ("" when it works).

    `last_contact` is None when there was none yet. `calls_today` is text. `budget` is text such as "1,204 of 15,000",
    "" when the system has no budget; `budget_percent` is 0 to 100 and `budget_tone` ok, warn or risk.
    """

    key: str
    product: str
    address: str
    roles: tuple[str, ...]
    state: SystemState
    note: str
    last_contact: Moment | None
    calls_today: str
    budget: str = ""
    budget_percent: int = 0
    budget_tone: Tone = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemsPage:
    """`summary` is one sentence on the whole. `fragment_url` answers with `render_fragment(page)`."""

    shell: Shell
    summary: str
    fragment_url: str
    rows: tuple[SystemRow, ...]
    empty: EmptyPlace
