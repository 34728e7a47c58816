"""How the queue is cut from a terminal: the same options wherever holds are listed, grouped or done at once."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal

from cyclopts import Parameter

from throughline.cli.printing import money
from throughline.hub.desk.queue import Total
from throughline.store.queue import Wanted


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Cut:
    """Which holds. What is not said does not matter."""

    state: Annotated[
        Literal["open", "snoozed", "regressed", "closed"],
        Parameter(help="Open ones, those put off, those that came back, or closed ones."),
    ] = "open"
    owner: Annotated[str | None, Parameter(help="Only the holds of one owner.")] = None
    assignee: Annotated[str | None, Parameter(help="Given to this person, or to nobody.")] = None
    system: Annotated[str | None, Parameter(help="Stuck at this system.")] = None
    workflow: Annotated[str | None, Parameter(help="Only those of one workflow.")] = None
    cause: Annotated[str | None, Parameter(help="Only those of one cause.")] = None
    currency: Annotated[str | None, Parameter(help="Only what is at risk in one currency.")] = None
    at_least: Annotated[Decimal | None, Parameter(help="At risk, each in its own currency.")] = None
    unknown: Annotated[bool, Parameter(help="Only those whose amount nobody knows.", negative=())] = False
    opened_before: Annotated[datetime | None, Parameter(help="Without an offset it is UTC.")] = None

    def wanted(self, *ids: str) -> Wanted:
        before = utc(self.opened_before) if self.opened_before else None
        return Wanted(self.state, self.owner, self.assignee, self.system, self.workflow, self.cause, self.currency,
                      self.at_least, self.unknown, before, ids)  # fmt: skip


EVERY_OPEN = Cut()


def utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def told(total: Total) -> str:
    """What a cut comes to. What nobody knows is said beside the sum, for it is in none."""
    sums = ", ".join(money(amount, currency) for currency, amount in sorted(total.amounts.items()))
    unknown = f"{total.unknown:,} of unknown amount" if total.unknown else ""
    return "; ".join(filter(None, (f"{total.holds:,} hold{'' if total.holds == 1 else 's'}",
                                   f"{sums} at risk" if sums else "", unknown)))  # fmt: skip
