"""Hops: the ways from one step of the business to the next, by the events that begin and end them."""

from dataclasses import dataclass

from throughline.core.change_events import ChangeOrderApplied, ChangeOrderApproved
from throughline.core.event import Event, Fields
from throughline.core.events import (
    ContractBooked,
    CustomerPlaced,
    InvoiceDrafted,
    InvoicePaid,
    InvoicePosted,
    InvoiceVoided,
    OpportunityWon,
    ProjectOpened,
)

ENGAGEMENT = "engagement"


class NoSuchHop(LookupError):
    """There is no hop of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One way. `name` is what the firm's `slas` call it; `about` the field of the events that says whose clock it is.

    After what `drops` it nothing will come of it any more. `begins` and `ends` are none for what is not told by single
    events: a month of work is over when nothing of it is left. `between` are the roles it leads from and to.
    """

    name: str
    title: str
    between: tuple[str, str]
    about: str
    begins: type[Event] | None = None
    ends: type[Event] | None = None
    drops: type[Event] | None = None

    def whose(self, fields: Fields, engagement: str) -> str:
        return engagement if self.about == ENGAGEMENT else str(fields[self.about])


HOPS = (
    Hop(
        name="customer_placed", title="Won to customer", between=("crm", "erp"), about=ENGAGEMENT,
        begins=OpportunityWon, ends=CustomerPlaced,
    ),
    Hop(
        name="contract_booked", title="Won to contract", between=("crm", "erp"), about=ENGAGEMENT,
        begins=OpportunityWon, ends=ContractBooked,
    ),
    Hop(
        name="project_open", title="Won to project open", between=("crm", "psa"), about=ENGAGEMENT,
        begins=OpportunityWon, ends=ProjectOpened,
    ),
    Hop(
        name="change_applied", title="Change approved to applied", between=("crm", "erp"), about="change_order",
        begins=ChangeOrderApproved, ends=ChangeOrderApplied,
    ),
    Hop(name="work_billed", title="Work approved to billed", between=("psa", "erp"), about="month"),
    Hop(
        name="invoice_posted", title="Invoice drafted to posted", between=("erp", "erp"), about="invoice",
        begins=InvoiceDrafted, ends=InvoicePosted, drops=InvoiceVoided,
    ),
    Hop(
        name="invoice_paid", title="Invoice posted to paid", between=("erp", "bank"), about="invoice",
        begins=InvoicePosted, ends=InvoicePaid, drops=InvoiceVoided,
    ),
)  # fmt: skip
BY_NAME = {each.name: each for each in HOPS}
WORK_BILLED = BY_NAME["work_billed"]


def hop(name: str) -> Hop:
    if name not in BY_NAME:
        raise NoSuchHop(f"There is no hop {name}. There are: {', '.join(BY_NAME)}.")
    return BY_NAME[name]


def begun_by(event_type: str) -> tuple[Hop, ...]:
    return tuple(each for each in HOPS if each.begins and each.begins.type == event_type)


def ended_by(event_type: str) -> tuple[Hop, ...]:
    return tuple(each for each in HOPS if each.ends and each.ends.type == event_type)


def dropped_by(event_type: str) -> tuple[Hop, ...]:
    return tuple(each for each in HOPS if each.drops and each.drops.type == event_type)
