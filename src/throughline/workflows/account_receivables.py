"""Account receivables: what a customer owes, how late it is and how long it takes to pay, on its page in the CRM."""

from collections.abc import Sequence
from datetime import date

from throughline.core.accounts import Position, positions
from throughline.core.billing.drafting import those
from throughline.core.cash_events import InvoiceStatusChanged
from throughline.core.entities import Contract, CreditMemo, Customer, Invoice, Receivables, ReceivablesId
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow

IN_WORDS = ("as_of", "summary")


def by_customer(changed: InvoiceStatusChanged) -> str:
    return changed.customer


@workflow("account-receivables", on=InvoiceStatusChanged, lane=by_customer, gathers=True)
async def account_receivables(flow: Flow, changed: InvoiceStatusChanged) -> None:
    customer = await flow.get(Customer, changed.customer)
    contracts = await those(flow, Contract, customer=customer.id)
    invoices = await those(flow, Invoice, customer=customer.id)
    memos = await those(flow, CreditMemo, customer=customer.id)
    async with flow.part("sales"):
        found = positions(contracts, invoices, memos, today=flow.today)
        own = in_its_currency(found, customer)
        told = receivables(customer, own or found[0], found, flow.today)
        # A page has one currency. Of a customer that owes in others alone, only the summary can be shown there.
        await flow.put(told, into=Role.CRM, only=() if own else IN_WORDS)


def in_its_currency(found: Sequence[Position], customer: Customer) -> Position | None:
    return next((each for each in found if each.currency == customer.currency), None)


def receivables(customer: Customer, own: Position, found: Sequence[Position], today: date) -> Receivables:
    return Receivables(
        id=ReceivablesId(f"receivables-of-{customer.id}"),
        customer=customer.id,
        as_of=today,
        outstanding=own.stands.open_amount,
        overdue=own.stands.overdue,
        days_sales_outstanding=own.days_sales_outstanding,
        backlog=own.backlog,
        summary="; ".join(each.in_words for each in found)[:255],
    )
