"""Plan to invoice: what a billing plan asks for becomes the draft of an invoice when it falls due or is reached."""

from collections.abc import Sequence
from datetime import UTC, datetime, time

from throughline.core.billing.book import Book
from throughline.core.billing.drafting import draft, hold, nothing_left, those
from throughline.core.billing.invoices import covered, emptied, free_id, invoice_of, period_called, within
from throughline.core.billing.outcome import Held
from throughline.core.billing.plan import instalments, next_day, reference_of, taken_back, zone_of
from throughline.core.billing.terms import terms_of_contract
from throughline.core.entities import (
    BillingInstalment,
    BillingItem,
    BillingPlan,
    Contract,
    Customer,
    FiscalPeriod,
    Invoice,
    Project,
    Task,
)
from throughline.core.errors import Hold
from throughline.core.events import ContractBooked, PlanDue
from throughline.core.workflow import Flow, workflow

LEFT = "leave it as invoiced"


def by_contract(booked: ContractBooked | PlanDue) -> str:
    return booked.contract


@workflow("plan-to-invoice", on=(ContractBooked, PlanDue), lane=by_contract, gathers=True)
async def plan_to_invoice(flow: Flow, booked: ContractBooked | PlanDue) -> None:
    contract = await flow.get(Contract, booked.contract)
    if contract.billing_plan is None:
        return
    plan = await flow.get(BillingPlan, contract.billing_plan)
    customer = await flow.get(Customer, contract.customer)
    periods = await those(flow, FiscalPeriod, legal_entity=contract.legal_entity)
    projects = await those(flow, Project, contract=contract.id)
    tasks = await plan_of_work(flow, plan, projects)
    book = Book.of(flow.firm, [contract, customer, *periods, *projects, *tasks])

    # What is out stays out; what is due and is not, is drafted, each instalment on an invoice of its own.
    zone = zone_of(contract, flow.firm)
    today = flow.now.astimezone(zone).date()
    made = [each for each in await those(flow, Invoice, contract=contract.id) if is_of(plan, each)]
    done = covered(made)
    billed = {ref for each in plan.instalments if f"billing-item-of-{(ref := reference_of(plan, each))}" in done}
    wanted, in_doubt = list[Invoice](), False
    for outcome in instalments(plan, book, on=today, billed=billed):
        match outcome:
            case Held() as held:
                in_doubt = True
                await hold(flow, f"instalment {held.reference}", Hold(held.why, fix=held.fix, amount=held.amount))
            case BillingItem() as item:
                wanted.append(asked_for(item, plan, made, book, project=projects[0].id if projects else None))
            case _:
                pass
    for invoice in wanted:
        await draft(flow, invoice)
    for invoice in [] if in_doubt else emptied(made, wanted):
        await hold(flow, f"draft {invoice.id}", nothing_left(invoice))

    # A milestone that was billed and is taken back afterwards is a person's to decide.
    for each in taken_back(plan, book, billed=billed):
        reference = reference_of(plan, each)
        async with flow.part(f"milestone {reference}", amount=each.amount):
            await flow.ask(f"{reference} taken back", unreached(each), choices=(LEFT,))

    if day := next_day(plan, after=today):
        await flow.wait(datetime.combine(day, time(), zone).astimezone(UTC))


async def plan_of_work(flow: Flow, plan: BillingPlan, projects: Sequence[Project]) -> list[Task]:
    """Read only where a milestone decides: whatever changes in it lets the run pass again."""
    if not any(each.milestone for each in plan.instalments):
        return []
    return [task for project in projects for task in await those(flow, Task, project=project.id)]


def asked_for(item: BillingItem, plan: BillingPlan, made: Sequence[Invoice], book: Book, *, project: str | None
              ) -> Invoice:  # fmt: skip
    terms = terms_of_contract(plan.contract, book)
    period = period_called(item.period or "", terms.contract.legal_entity, book)
    id_ = free_id(f"invoice-of-{item.source_reference}", made)
    memo = f"{plan.name}: {item.description}"
    return invoice_of([item], id_, terms, book, day=within(period, item.day), memo=memo, project=project)


def unreached(each: BillingInstalment) -> str:
    return (
        f"{each.amount} was billed for {each.milestone}, which is not reached any more. Credit the invoice in the"
        f" ledger, complete the milestone again, or leave it."
    )


def is_of(plan: BillingPlan, invoice: Invoice) -> bool:
    return invoice.id.startswith(f"invoice-of-{plan.id}-")
