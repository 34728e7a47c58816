"""Billing status: what became of a contract's invoices is told on its deal and on its projects."""

from throughline.core.billing.drafting import those
from throughline.core.cash_events import InvoiceStatusChanged
from throughline.core.entities import BillingStatus, Contract, CreditMemo, Invoice, Project
from throughline.core.receivables import Standing, in_words, standing
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow


def by_contract(changed: InvoiceStatusChanged) -> str:
    # One lane for all invoices of a contract: of two that move at once, neither overwrites the other's news.
    return changed.contract or changed.invoice


@workflow("billing-status", on=InvoiceStatusChanged, lane=by_contract, gathers=True)
async def billing_status(flow: Flow, changed: InvoiceStatusChanged) -> None:
    # What finance invoices by hand belongs to no deal of ours: nobody waits to hear of it.
    if changed.contract is None:
        return
    contract = await flow.get(Contract, changed.contract)
    invoices = await those(flow, Invoice, contract=contract.id)
    memos = [memo for each in invoices for memo in await those(flow, CreditMemo, invoice=each.id)]
    stands = standing(invoices, memos, currency=contract.currency, today=flow.today)
    summary = in_words(invoices, stands, today=flow.today)

    async with flow.part("sales"):
        if contract.opportunity:
            await flow.put(told(stands, summary, opportunity=contract.opportunity), into=Role.CRM)
    async with flow.part("delivery"):
        for project in await flow.every(Project, contract=contract.id):
            await flow.put(told(stands, summary, project=project), into=Role.PSA)


def told(stands: Standing, summary: str, **about: str) -> BillingStatus:
    """Of the deal, or of a project."""
    (whose,) = about.values()
    amounts = {
        "billed": stands.billed,
        "credited": stands.credited,
        "settled": stands.settled,
        "open_amount": stands.open_amount,
        "overdue": stands.overdue,
    }
    return BillingStatus.model_validate({"id": f"billing-status-of-{whose}", "summary": summary, **amounts, **about})
