"""Margin watch: when a project's margin falls below what the firm wants to keep, customer success hears of it, once."""

from datetime import date

from throughline.core.billing.drafting import those
from throughline.core.cash_events import MarginBreached
from throughline.core.entities import Contract, Customer, Invoice, Message, MessageId, Project, TimeEntry
from throughline.core.events import InvoicePosted
from throughline.core.margins import Margin, billed_before, crossed, margin
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow


def by_invoice(posted: InvoicePosted) -> str:
    return posted.invoice


@workflow("margin-watch", on=InvoicePosted, lane=by_invoice, priority="bulk")
async def margin_watch(flow: Flow, posted: InvoicePosted) -> None:
    rule, invoice = flow.firm.policies.margins, await flow.get(Invoice, posted.invoice)
    if rule is None or invoice.contract is None or invoice.project is None or invoice.issued_on is None:
        return
    contract, project = await flow.get(Contract, invoice.contract), await flow.get(Project, invoice.project)
    entries = await those(flow, TimeEntry, project=project.id)
    since = billed_before(invoice, await those(flow, Invoice, project=project.id))
    before = margin(contract, entries, until=since) if since else None
    now = margin(contract, entries, until=invoice.issued_on)
    if now is None or not crossed(before, now, rule):
        return
    breached = MarginBreached(
        project=project.id,
        contract=contract.id,
        customer=contract.customer,
        invoice=invoice.id,
        percent=now.percent,
        below_percent=rule.below_percent,
    )
    await flow.emit(breached)
    if rule.channel and flow.firm.systems_playing(Role.CHAT):
        customer = await flow.get(Customer, contract.customer)
        text = told(project, customer, now, before, until=invoice.issued_on)
        id_ = MessageId(f"margin-of-{invoice.id}")
        await flow.put(Message(id=id_, channel=rule.channel, text=text, about=project.id), into=Role.CHAT)


def told(project: Project, customer: Customer, now: Margin, before: Margin | None, *, until: date) -> str:
    """What people cost is not for a channel: only what is left of it."""
    fell = f"fell from {before.percent}% to" if before else "is at"
    said = f"The margin of {project.name} for {customer.name} {fell} {now.percent}% by {until}."
    return f"{said} Please look at it together."
