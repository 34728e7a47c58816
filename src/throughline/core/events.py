"""What happened, in the past tense: the events we know, and how a change of an entity means one."""

from datetime import date
from typing import ClassVar

from throughline.core import change_events, delivery_events, revenue_events, staffing_events
from throughline.core.cash_events import InvoiceStatusChanged, MarginBreached
from throughline.core.change_events import (
    ChangeOrderApplied,
    ChangeOrderApproved,
    ChangeOrderProposed,
    ContractRenewed,
    RenewalConfirmed,
    RenewalPlanned,
    RenewalUpcoming,
)
from throughline.core.entities import InvoiceState, Stage
from throughline.core.event import EVENTS, Detector, Event, Fields
from throughline.core.money import Money

__all__ = [
    "DETECTORS",
    "EVENTS",
    "ChangeOrderApplied",
    "ChangeOrderApproved",
    "ChangeOrderProposed",
    "ContractRenewed",
    "Detector",
    "Event",
    "Fields",
    "InvoiceStatusChanged",
    "MarginBreached",
    "RenewalConfirmed",
    "RenewalPlanned",
    "RenewalUpcoming",
    "detect",
]


class OpportunityWon(Event):
    """A deal was won."""

    subject: ClassVar[str] = "opportunity"
    opportunity: str


class OpportunityLost(Event):
    """A deal was lost."""

    subject: ClassVar[str] = "opportunity"
    opportunity: str


class CustomerRenamed(Event):
    """A customer goes by another name."""

    subject: ClassVar[str] = "customer"
    customer: str
    name: str


class ContractBooked(Event):
    """Finance has a contract and its billing plan: what falls due by them may be billed."""

    subject: ClassVar[str] = "contract"
    contract: str


class PlanDue(Event):
    """What a billing plan waits for was reached, or is so no longer: what it asks for is looked at again."""

    subject: ClassVar[str] = "contract"
    contract: str
    milestone: str


class DemandPublished(Event):
    """A project needs people: staffing may begin."""

    subject: ClassVar[str] = "project"
    project: str
    roles: tuple[str, ...]


class ProjectOpened(Event):
    """People can book time on a project."""

    subject: ClassVar[str] = "project"
    project: str
    opportunity: str


class InvoiceDrafted(Event):
    """Work was put on an invoice that finance may look at; the amount is before tax."""

    subject: ClassVar[str] = "invoice"
    invoice: str
    amount: Money


class InvoicePosted(Event):
    """An invoice is in the books: the customer owes it."""

    subject: ClassVar[str] = "invoice"
    invoice: str


class InvoiceVoided(Event):
    """An invoice that was in the books was made void: what it charged is free again."""

    subject: ClassVar[str] = "invoice"
    invoice: str


class InvoiceSent(Event):
    """An invoice went to the customer."""

    subject: ClassVar[str] = "invoice"
    invoice: str


class InvoicePartPaid(Event):
    """A part of an invoice was settled, and this much of it is open still."""

    subject: ClassVar[str] = "invoice"
    invoice: str
    open_amount: Money | None = None


class InvoicePaid(Event):
    """Nothing of an invoice is open any more: money, credit or a write-off settled it."""

    subject: ClassVar[str] = "invoice"
    invoice: str


class InvoiceCredited(Event):
    """Something of an invoice was taken back."""

    subject: ClassVar[str] = "invoice"
    invoice: str
    credit_memo: str
    amount: Money


class InvoiceOverdue(Event):
    """An invoice was due, and something of it is open still."""

    subject: ClassVar[str] = "invoice"
    invoice: str
    due_on: date


class SubscriptionSwitchedOff(Event):
    """A subscriber could not be told of events for days, or wanted no more."""

    subject: ClassVar[str] = "subscription"
    subscription: str
    why: str


def detect(kind: str, before: Fields | None, after: Fields) -> list[Event]:
    """The business events a change means. Duplicates and echoes change nothing, so they mean nothing."""
    return [event for means in DETECTORS.get(kind, ()) if (event := means(before or {}, after))]


def _won(before: Fields, after: Fields) -> Event | None:
    # A deal that changes or continues a contract is told of as a change order or a renewal.
    follows = after.get("amended_contract") or after.get("renewed_contract")
    if after.get("stage") == Stage.WON and before.get("stage") != Stage.WON and not follows:
        return OpportunityWon(opportunity=after["id"])
    return None


def _lost(before: Fields, after: Fields) -> Event | None:
    if after.get("stage") == Stage.LOST and before.get("stage") != Stage.LOST:
        return OpportunityLost(opportunity=after["id"])
    return None


def _renamed(before: Fields, after: Fields) -> Event | None:
    if before.get("name") and after.get("name") and before["name"] != after["name"]:
        return CustomerRenamed(customer=after["id"], name=after["name"])
    return None


def _posted(before: Fields, after: Fields) -> Event | None:
    if after.get("state") in OWED and before.get("state") not in OWED:
        return InvoicePosted(invoice=after["id"])
    return None


def _voided(before: Fields, after: Fields) -> Event | None:
    if after.get("state") == InvoiceState.VOID and before.get("state") in OWED:
        return InvoiceVoided(invoice=after["id"])
    return None


def _sent(before: Fields, after: Fields) -> Event | None:
    # One that was paid meanwhile is told as paid; and a payment taken back sends nothing again.
    if after.get("state") == InvoiceState.SENT and before.get("state") not in SETTLED | {InvoiceState.SENT}:
        return InvoiceSent(invoice=after["id"])
    return None


def _part_paid(before: Fields, after: Fields) -> Event | None:
    """Every part is news: the first one, and each that leaves less open. A part taken back is not."""
    if after.get("state") != InvoiceState.PARTLY_PAID:
        return None
    left, left_before = after.get("open_amount"), before.get("open_amount")
    less = left and left_before and Money.model_validate(left).amount < Money.model_validate(left_before).amount
    if before.get("state") not in SETTLED or less:
        return InvoicePartPaid(invoice=after["id"], open_amount=left)
    return None


def _paid(before: Fields, after: Fields) -> Event | None:
    if after.get("state") == InvoiceState.PAID and before.get("state") != InvoiceState.PAID:
        return InvoicePaid(invoice=after["id"])
    return None


def _credited(before: Fields, after: Fields) -> Event | None:
    # We know the invoice of a memo of ours before its total, which is theirs to say: it is told when both are known.
    told = before.get("total") and before.get("invoice") == after.get("invoice")
    if after.get("invoice") and after.get("total") and not told:
        return InvoiceCredited(invoice=after["invoice"], credit_memo=after["id"], amount=after["total"])
    return None


SETTLED = frozenset({InvoiceState.PARTLY_PAID, InvoiceState.PAID})
OWED = SETTLED | {InvoiceState.POSTED, InvoiceState.SENT, InvoiceState.DISPUTED}
DETECTORS: dict[str, tuple[Detector, ...]] = {
    "opportunity": (_won, _lost),
    "customer": (_renamed,),
    "invoice": (_posted, _voided, _sent, _part_paid, _paid),
    "credit_memo": (_credited,),
    **delivery_events.DETECTORS,
    **revenue_events.DETECTORS,
    **staffing_events.DETECTORS,
    **change_events.DETECTORS,
}
