"""Billed in the PSA: what an invoice charges is marked where it was worked, so that nobody changes it unseen."""

from throughline.core.billing.billed import billed_work
from throughline.core.entities import BilledWork, Expense, Invoice, TimeEntry
from throughline.core.events import InvoicePosted, InvoiceVoided
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow


def by_invoice(told: InvoicePosted | InvoiceVoided) -> str:
    return told.invoice


@workflow("billed-in-psa", on=(InvoicePosted, InvoiceVoided), lane=by_invoice, priority="bulk")
async def billed_in_psa(flow: Flow, told: InvoicePosted | InvoiceVoided) -> None:
    invoice = await flow.get(Invoice, told.invoice)
    # What was billed without anybody's work has no days, and nothing to mark.
    if invoice.project is None or invoice.starts is None or invoice.ends is None:
        return
    days = invoice.starts, invoice.ends
    entries = await flow.every(TimeEntry, days, project=invoice.project)
    expenses = await flow.every(Expense, days, project=invoice.project)
    billed = billed_work(invoice, invoice.project, time_entries=entries, expenses=expenses)
    if not billed.time_entries and not billed.expenses:
        return
    async with flow.part("delivery"):
        # One that was void before anybody marked it has nothing to take back.
        if not billed.void or await flow.find(BilledWork, at=Role.PSA, like=billed):
            await flow.put(billed, into=Role.PSA)
