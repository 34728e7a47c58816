"""Invoice status: whatever becomes of an invoice is news for its contract and its customer."""

from throughline.core.billing.drafting import those
from throughline.core.cash_events import InvoiceStatusChanged
from throughline.core.entities import CreditMemo, Invoice
from throughline.core.events import (
    InvoiceCredited,
    InvoiceOverdue,
    InvoicePaid,
    InvoicePartPaid,
    InvoicePosted,
    InvoiceSent,
)
from throughline.core.money import total
from throughline.core.receivables import is_out, is_overdue
from throughline.core.workflow import Flow, workflow

type News = InvoicePosted | InvoiceSent | InvoicePartPaid | InvoicePaid | InvoiceCredited | InvoiceOverdue
NEWS = (InvoicePosted, InvoiceSent, InvoicePartPaid, InvoicePaid, InvoiceCredited, InvoiceOverdue)


def by_invoice(news: News) -> str:
    return news.invoice


@workflow("invoice-status", on=NEWS, lane=by_invoice, gathers=True)
async def invoice_status(flow: Flow, news: News) -> None:
    invoice = await flow.get(Invoice, news.invoice)
    # A draft is nobody's debt, whatever is credited of it.
    if invoice.state is None or not is_out(invoice):
        return
    memos = await those(flow, CreditMemo, invoice=invoice.id)
    await flow.emit(
        InvoiceStatusChanged(
            invoice=invoice.id,
            customer=invoice.customer,
            contract=invoice.contract,
            state=invoice.state,
            open_amount=invoice.open_amount,
            credited=total((memo.total for memo in memos), invoice.currency),
            overdue=is_overdue(invoice, today=flow.today),
        )
    )
