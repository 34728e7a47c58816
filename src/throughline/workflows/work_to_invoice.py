"""Work to invoice: at the cut-off, a month's approved work on a project becomes the draft of an invoice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from throughline.core.billing.book import Book
from throughline.core.billing.caps import within_cap
from throughline.core.billing.drafting import draft, hold, nothing_left, some, those
from throughline.core.billing.expenses import expense_charge
from throughline.core.billing.invoices import charged, covered, emptied
from throughline.core.billing.month import Drift, Month, drifts, to_invoice
from throughline.core.billing.outcome import Held, Outcome
from throughline.core.billing.retainers import beyond_retainer
from throughline.core.billing.terms import terms_of_project
from throughline.core.billing.time import time_charge
from throughline.core.billing.usage import usage_charge
from throughline.core.cut_offs import cut_off_at
from throughline.core.delivery_events import (
    ExpenseApproved,
    ExpenseCorrected,
    ExpenseUnapproved,
    TimeApproved,
    TimeCorrected,
    TimeUnapproved,
    UsageApproved,
    UsageCorrected,
    UsageUnapproved,
)
from throughline.core.entities import (
    ApprovalState,
    Assignment,
    BillingItem,
    BillingPlan,
    CommercialModel,
    Contract,
    CreditMemo,
    Customer,
    Entity,
    Expense,
    FiscalPeriod,
    FxRate,
    Invoice,
    InvoiceState,
    Project,
    Resource,
    Task,
    TimeEntry,
    UsageReading,
)
from throughline.core.errors import Hold
from throughline.core.money import total
from throughline.core.workflow import Flow, workflow
from throughline.core.working_days import closed_days

LEFT, CHARGED = "leave it as invoiced", "invoice the rest"
RATES_BEFORE = timedelta(days=31)


type OfTime = TimeApproved | TimeUnapproved | TimeCorrected
type OfExpenses = ExpenseApproved | ExpenseUnapproved | ExpenseCorrected
type OfUsage = UsageApproved | UsageUnapproved | UsageCorrected
type Worked = OfTime | OfExpenses | OfUsage
WORKED = (
    *(TimeApproved, TimeUnapproved, TimeCorrected),
    *(ExpenseApproved, ExpenseUnapproved, ExpenseCorrected),
    *(UsageApproved, UsageUnapproved, UsageCorrected),
)
type SourceLine = TimeEntry | Expense | UsageReading


def by_project_and_month(worked: Worked) -> str:
    return f"{worked.project}/{worked.day:%Y-%m}"


@workflow("work-to-invoice", on=WORKED, lane=by_project_and_month, gathers=True, priority="bulk", cut_off="billing")
async def work_to_invoice(flow: Flow, worked: Worked) -> None:
    project = await flow.get(Project, worked.project)
    month = Month.of(project, worked.day)
    of_contract = await those(flow, Invoice, contract=project.contract) if project.contract else []
    book = await book_of(flow, month, of_contract)
    terms = terms_of_project(project.id, book)

    # Every line is judged at once, so that whoever must correct one hears of it long before the cut-off.
    drawn = terms.model is CommercialModel.RETAINER
    since = terms.contract.starts if drawn and terms.contract.starts else month.first
    judged = await judge(flow, month, (since, month.last), book)
    items = judged.items
    if drawn:
        plan = await flow.get(BillingPlan, terms.contract.billing_plan or "")
        items = await booked(flow, beyond_retainer(items, plan, terms, month.days), terms.contract, book, judged)

    # Not more than the contract allows, whichever of its projects and months it was for.
    made = month.made(of_contract)
    before = [charged(each) for each in of_contract if each not in made and each.state is not InvoiceState.VOID]
    capped = within_cap(items, terms.contract, billed_before=total(before, terms.contract.currency))
    if capped.withheld:
        await hold(flow, "cap", beyond_the_cap(capped.withheld))

    # What is out stays as it is: what has changed behind it is a person's to decide.
    memos = [memo for invoice in made for memo in await those(flow, CreditMemo, invoice=invoice.id)]
    on_top: list[BillingItem] = []
    for drift in drifts(capped.billed, made, memos, book):
        async with flow.part(f"invoice {drift.invoice.number or drift.invoice.id}", amount=abs(drift.difference)):
            choices = (CHARGED, LEFT) if drift.rest else (LEFT,)
            said = await flow.ask(f"{drift.invoice.id} at {drift.now}", drifted(drift), choices=choices)
            on_top += [drift.rest] if drift.rest and said == CHARGED else []

    await flow.wait(cut_off(flow, month, terms.contract))
    wanted = to_invoice([*capped.billed, *on_top], month, made, book, today=flow.began.date())
    for invoice in wanted:
        await draft(flow, invoice)
    for invoice in [] if judged.in_doubt else emptied(made, wanted):
        await hold(flow, f"draft {invoice.id}", nothing_left(invoice))


async def book_of(flow: Flow, month: Month, invoices: Sequence[Invoice]) -> Book:
    """Everything the lines are judged by. What cannot be read holds itself, and the lines that need it."""
    project = month.project
    assignments = await those(flow, Assignment, project=project.id)
    known: list[Entity] = [project, *assignments, *await those(flow, Task, project=project.id)]
    known += await some(flow, Resource, sorted({each.resource for each in assignments}))
    if project.contract:
        contract = await flow.get(Contract, project.contract)
        known += [contract, await flow.get(Customer, contract.customer)]
        known += await those(flow, FiscalPeriod, legal_entity=contract.legal_entity)
        days = month.first - RATES_BEFORE, month.last
        known += await some(flow, FxRate, await flow.every(FxRate, days, target=contract.currency))
    return Book.of(flow.firm, known, charged=covered(invoices))


async def booked(
    flow: Flow, items: Sequence[BillingItem], contract: Contract, book: Book, judged: "Judged"
) -> list[BillingItem]:
    """What goes beyond a retainer, in the period it lands in: late, it goes by policy as all work does."""
    found: list[BillingItem] = []
    for item in items:
        try:
            period = book.period_of(item.id, item.day, legal_entity=contract.legal_entity, source=item.source)
        except Hold as late:
            judged.in_doubt += 1
            await hold(flow, f"line {item.source_reference}", Hold(late.why, fix=late.fix, amount=item.amount))
        else:
            found.append(item.model_copy(update={"period": period.name}))
    return found


@dataclass(slots=True)
class Judged:
    """What the approved lines come to, and how many of them somebody must look at first."""

    items: list[BillingItem] = field(default_factory=list[BillingItem])
    in_doubt: int = 0


async def judge(flow: Flow, month: Month, days: tuple[date, date], book: Book) -> Judged:
    judged = Judged()

    def worked(entry: TimeEntry) -> Outcome:
        return time_charge(entry, book)

    def spent(expense: Expense) -> Outcome:
        return expense_charge(expense, book, billing_day=month.last)

    def used(reading: UsageReading) -> Outcome:
        return usage_charge(reading, book)

    await judge_all(flow, UsageReading, used, judged, month=month, days=days)
    await judge_all(flow, TimeEntry, worked, judged, month=month, days=days)
    await judge_all(flow, Expense, spent, judged, month=month, days=days)
    return judged


async def judge_all[L: (TimeEntry, Expense, UsageReading)](
    flow: Flow, kind: type[L], charge: Callable[[L], Outcome], into: Judged, *, month: Month, days: tuple[date, date]
) -> None:
    """Line by line: one that cannot be charged is held, and the others go on."""
    ids = await flow.every(kind, days, project=month.project.id)
    lines = await some(flow, kind, ids)
    into.in_doubt += len(ids) - len(lines)
    for line in lines:
        if line.approval is None or line.approval.state is not ApprovalState.APPROVED:
            continue
        match charge(line):
            case Held() as held:
                into.in_doubt += 1
                await hold(flow, f"line {line.id}", refused(line, held))
            case BillingItem() as item:
                into.items.append(item)
            case _:
                pass


def cut_off(flow: Flow, month: Month, contract: Contract) -> datetime:
    """When the month takes no more entries, where the contract's company is."""
    code = contract.legal_entity
    entity, rule = flow.firm.legal_entity(code), flow.firm.policies.cut_off("time_entry", legal_entity=code)
    if entity is None or rule is None:
        raise Hold(
            f"Nobody has said until when a month of {code} takes time entries",
            fix="Add a cut-off `time_entry` to `cut_offs` in policies.yaml; release.",
        )
    years = range(month.last.year, month.last.year + 2)
    return cut_off_at(rule, month.last, entity, holidays=closed_days(entity.holidays, years=years))


def refused(line: SourceLine, held: Held) -> Hold:
    """Which line it is, for whoever has never seen its id."""
    match line:
        case TimeEntry():
            what, worth = f"{line.hours} h", line.rate * line.hours if line.rate else None
        case Expense():
            what, worth = f"{line.amount}", line.amount
        case UsageReading():
            what, worth = f"{line.quantity:f} {line.unit.value} of {line.contract_line or line.reference}", None
    why = f"{what} of {line.day}, {line.id}: {held.why}"
    return Hold(why, fix=held.fix, owner=held.owner, amount=held.amount or worth)


def beyond_the_cap(withheld: Sequence[BillingItem]) -> Hold:
    beyond = total((item.amount for item in withheld), withheld[0].amount.currency)
    return Hold(
        f"{len(withheld)} charges worth {beyond} are beyond the cap: {withheld[0].withheld_because}",
        fix="Raise the cap with a change order, or take the work off; the run goes on by itself.",
        amount=beyond,
    )


def drifted(drift: Drift) -> str:
    name, less = drift.invoice.number or drift.invoice.id, drift.charged - drift.credited
    what_now = "Invoice the rest" if drift.rest else f"Correct the work, credit the difference of {drift.difference}"
    return f"Invoice {name} charges {less}, and the work on it comes to {drift.now} now. {what_now}, or leave it."
