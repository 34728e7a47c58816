"""Invoice overdue: when the day an invoice is due has passed and something of it is open, that is told, once."""

from datetime import UTC, date, datetime, time, timedelta

from throughline.core.entities import Invoice, InvoiceState
from throughline.core.errors import Hold
from throughline.core.events import OWED, InvoiceOverdue, InvoicePosted
from throughline.core.workflow import Flow, workflow


def by_invoice(posted: InvoicePosted) -> str:
    return posted.invoice


@workflow("invoice-overdue", on=InvoicePosted, lane=by_invoice)
async def invoice_overdue(flow: Flow, posted: InvoicePosted) -> None:
    invoice = await flow.get(Invoice, posted.invoice)
    if not is_open(invoice):
        return
    due_on = due(invoice)
    # A change of the invoice lets this pass again: a later due day is waited for anew, and one that is paid is done.
    await flow.wait(day_after(due_on))
    await flow.emit(InvoiceOverdue(invoice=invoice.id, due_on=due_on))


def is_open(invoice: Invoice) -> bool:
    return invoice.state in OWED - {InvoiceState.PAID}


def due(invoice: Invoice) -> date:
    if invoice.due_on is None:
        raise Hold(
            f"Invoice {invoice.number or invoice.id} has no day it is due on, so nobody can say when it is late",
            fix="Give it a due day in the ledger; the run goes on by itself.",
        )
    return invoice.due_on


def day_after(due_on: date) -> datetime:
    """The due day itself is in time."""
    return datetime.combine(due_on + timedelta(days=1), time(), UTC)
