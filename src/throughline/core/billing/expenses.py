"""Money spent for a customer and passed on: expenses and subcontractors, with the contract's mark-up."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from throughline.core.billing.book import Book
from throughline.core.billing.checks import assignments_on, person_of, refuse_unapproved
from throughline.core.billing.outcome import NotCharged, Outcome, outcome
from throughline.core.billing.pricing import PERCENT
from throughline.core.billing.terms import Terms, coding, refuse_outside, terms_of_project
from throughline.core.entities import (
    Approval,
    ApprovalState,
    BillingItem,
    BillingItemId,
    BillingItemState,
    BillingSource,
    Expense,
    FiscalPeriod,
    Subcontract,
    Unit,
)
from throughline.core.errors import Hold
from throughline.core.fx import Days, Exchange
from throughline.core.money import Money


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent, whoever spent it, and what is added when it is passed on."""

    reference: str
    what: str
    day: date
    amount: Money
    markup_percent: Decimal
    approval: Approval | None
    person: str | None = None


def expense_charge(expense: Expense, book: Book, *, billing_day: date) -> Outcome:
    """What the expense costs the customer: always worked out from what was spent, by the contract's rule."""
    return outcome(expense.id, lambda: _expense(expense, book, billing_day))


def subcontract_charge(work: Subcontract, book: Book, *, day: date, passed_on: Money) -> Outcome:
    """What a subcontractor has invoiced and we have not passed on yet, as of a day."""
    reference = f"{work.id}-{day}"
    return outcome(reference, lambda: _subcontract(work, book, day=day, passed_on=passed_on, reference=reference))


def _expense(expense: Expense, book: Book, billing_day: date) -> BillingItem | NotCharged:
    refuse_unapproved(expense.approval)
    terms = terms_of_project(expense.project, book)
    refuse_outside(expense.day, terms)
    if expense.resource:
        assignments_on(expense.project, person_of(expense.resource, book), day=expense.day, book=book)
    if not expense.billable:
        return NotCharged(expense.id, "the expense is not billable")
    spent = Spent(
        reference=expense.id,
        what=expense.category or expense.note or "Expense",
        day=expense.day,
        amount=expense.amount,
        markup_percent=_markup(terms.rule.expense_markup_percent, "expense_markup_percent", terms),
        approval=expense.approval,
        person=expense.resource,
    )
    return _passed_on(spent, terms, book, billing_day)


def _subcontract(
    work: Subcontract, book: Book, *, day: date, passed_on: Money, reference: str
) -> BillingItem | NotCharged:
    if work.state is not ApprovalState.APPROVED:
        raise Hold(f"The subcontract with {work.supplier} is not approved", fix="Approve it; it goes on by itself.")
    terms = terms_of_project(work.project, book)
    refuse_outside(day, terms)
    if not work.billable:
        return NotCharged(reference, f"{work.supplier} is not passed on")
    due = (work.invoiced or Money.zero(passed_on.currency)) - passed_on
    if due.is_zero:
        return NotCharged(reference, f"everything {work.supplier} invoiced was passed on")
    if due.amount < 0:
        raise Hold(
            f"{work.supplier} invoiced {work.invoiced}, and {passed_on} was passed on",
            fix="Credit the customer the difference, then release.",
            amount=-due,
        )
    markup = _markup(terms.rule.subcontract_markup_percent, "subcontract_markup_percent", terms)
    return _passed_on(Spent(reference, work.supplier, day, due, markup, None), terms, book, day)


def _markup(percent: Decimal | None, column: str, terms: Terms) -> Decimal:
    if percent is None:
        raise Hold(
            f"{terms.rule.place} does not say what is added when this is passed on",
            fix=f"Fill in {column} in that row of tables/billing_rules.csv (0 for nothing); release.",
        )
    return percent


def _passed_on(spent: Spent, terms: Terms, book: Book, billing_day: date) -> BillingItem:
    entity, currency, rule = terms.contract.legal_entity, terms.contract.currency, terms.rule
    item = f"billing-item-of-{spent.reference}"
    period = book.period_of(item, spent.day, legal_entity=entity, source=BillingSource.EXPENSE)
    marked_up = spent.amount * ((100 + spent.markup_percent) * PERCENT)
    days = Days(work_day=spent.day, period_end=period.ends, billing_day=billing_day)
    # The mark-up first, so that there is one rounding: in the customer's currency.
    exchange = Exchange(book.firm, book.fx, entity)
    converted = exchange.convert(marked_up, currency, purpose="expense", days=days, rounding=rule.rounding)
    foreign = spent.amount.currency != currency
    return _item(spent, terms, book, period).model_copy(
        update={
            "unit_price": converted.target,
            "amount": converted.target,
            "spent": spent.amount,
            "fx_rate": converted.rate if foreign else None,
            "fx_day": converted.day if foreign else None,
        }
    )


def _item(spent: Spent, terms: Terms, book: Book, period: FiscalPeriod) -> BillingItem:
    nothing = Money.zero(terms.contract.currency)
    return BillingItem(
        id=BillingItemId(f"billing-item-of-{spent.reference}"),
        customer=terms.customer.id,
        contract=terms.contract.id,
        project=terms.project.id if terms.project else None,
        legal_entity=terms.contract.legal_entity,
        source=BillingSource.EXPENSE,
        source_reference=spent.reference,
        period=period.name,
        day=spent.day,
        description=spent.what,
        person=spent.person,
        quantity=Decimal(1),
        unit=Unit.EACH,
        unit_price=nothing,
        amount=nothing,
        tax_code=terms.tax_code,
        commercial_model=terms.model,
        revenue_treatment=terms.contract.revenue_treatment,
        ledger=coding(terms, BillingSource.EXPENSE, book.firm),
        state=BillingItemState.PROPOSED,
        approval=spent.approval,
    )
