"""What follows from an invoice's way to the money, told by our own processes."""

from typing import ClassVar

from throughline.core.entities import InvoiceState
from throughline.core.event import Event
from throughline.core.money import Exact, Money


class InvoiceStatusChanged(Event):
    """Whatever became of an invoice, its contract and its customer stand otherwise now."""

    subject: ClassVar[str] = "invoice"
    invoice: str
    customer: str
    contract: str | None
    state: InvoiceState
    open_amount: Money | None = None
    credited: Money | None = None
    overdue: bool = False


class MarginBreached(Event):
    """What a project earns over what its people cost fell below what the firm wants to keep."""

    subject: ClassVar[str] = "project"
    project: str
    contract: str
    customer: str
    invoice: str
    percent: Exact
    below_percent: Exact
