"""What falls due without anybody's hours: instalments on their day, milestones when they are accepted."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from throughline.core.billing.book import Book
from throughline.core.billing.outcome import NotCharged, Outcome, outcome
from throughline.core.billing.terms import Terms, coding, terms_of_contract, terms_of_project
from throughline.core.entities import (
    BillingInstalment,
    BillingItem,
    BillingItemId,
    BillingItemState,
    BillingMilestone,
    BillingPlan,
    BillingSource,
    Unit,
)
from throughline.core.errors import Hold
from throughline.core.fiscal import Calendar
from throughline.core.money import Money, total


@dataclass(frozen=True, slots=True)
class Due:
    """One amount, what gave rise to it, and the day it became due."""

    reference: str
    name: str
    amount: Money
    day: date
    source: BillingSource


def instalments(plan: BillingPlan, book: Book, *, on: date, billed: Collection[str]) -> tuple[Outcome, ...]:
    """Fixed fee, retainer, subscription, managed service: each instalment once, on its day, for its own amount.

    One that names a milestone is not due by its day: the milestone itself is billed when it is accepted.
    """
    open_ones = [each for each in plan.instalments if reference_of(plan, each) not in billed and not each.milestone]
    return tuple(
        outcome(reference_of(plan, each), lambda each=each: _instalment(plan, each, book, on)) for each in open_ones
    )


def milestones(
    known: Iterable[BillingMilestone], book: Book, *, on: date, billed: Collection[str]
) -> tuple[Outcome, ...]:
    """Accepted ones are billed, whoever worked how long; the others wait."""
    open_ones = sorted((each for each in known if each.id not in billed and not each.invoiced), key=lambda m: m.id)
    return tuple(outcome(each.id, lambda each=each: _milestone(each, book, on)) for each in open_ones)


def next_day(plan: BillingPlan, *, after: date) -> date | None:
    """The next day something falls due by itself."""
    return min((each.due for each in plan.instalments if each.due > after and not each.milestone), default=None)


def reference_of(plan: BillingPlan, instalment: BillingInstalment) -> str:
    return f"{plan.id}-{instalment.key}"


def _instalment(plan: BillingPlan, due: BillingInstalment, book: Book, on: date) -> BillingItem | NotCharged:
    refuse_untrue_plan(plan)
    if due.due > on:
        return NotCharged(reference_of(plan, due), f"due on {due.due}")
    what = Due(reference_of(plan, due), due.name, due.amount, due.due, BillingSource.INSTALMENT)
    return _item(what, terms_of_contract(plan.contract, book), book)


def refuse_untrue_plan(plan: BillingPlan) -> None:
    """A plan that does not add up would bill too much or too little, and nobody would know which instalment."""
    planned = total((each.amount for each in plan.instalments), plan.currency)
    if plan.total is not None and planned != plan.total:
        raise Hold(
            f"The instalments of {plan.name} add up to {planned}, not {plan.total}",
            fix="Make the instalments and the total of the billing plan agree, then release.",
            amount=abs(plan.total - planned),
        )


def _milestone(each: BillingMilestone, book: Book, on: date) -> BillingItem | NotCharged:
    if not each.completed or each.accepted_on is None or each.accepted_on > on:
        return NotCharged(each.id, f"{each.name} is not accepted yet")
    if not each.accepted_by:
        raise Hold(
            f"{each.name} was accepted on {each.accepted_on} by nobody in particular",
            fix="Enter who accepted it, then release.",
            amount=each.amount,
        )
    what = Due(each.id, each.name, each.amount, each.accepted_on, BillingSource.MILESTONE)
    return _item(what, _terms(each, book), book)


def _terms(each: BillingMilestone, book: Book) -> Terms:
    if each.project:
        return terms_of_project(each.project, book)
    if each.contract:
        return terms_of_contract(each.contract, book)
    raise Hold(
        f"{each.name} belongs to no project and no contract",
        fix="Link the milestone to its contract, then release.",
        amount=each.amount,
    )


def _item(due: Due, terms: Terms, book: Book) -> BillingItem:
    if due.amount.currency != terms.contract.currency or due.amount != due.amount.rounded():
        raise Hold(
            f"{due.name} is {due.amount}, which cannot be billed in whole units of {terms.contract.currency}",
            fix="Correct the amount in the plan, then release.",
            amount=due.amount,
        )
    entity = terms.contract.legal_entity
    period = Calendar(book.firm, book.periods).booked(due.day, legal_entity=entity, source=due.source)
    return BillingItem(
        id=BillingItemId(f"billing-item-of-{due.reference}"),
        customer=terms.customer.id,
        contract=terms.contract.id,
        project=terms.project.id if terms.project else None,
        billing_plan=terms.contract.billing_plan,
        legal_entity=entity,
        source=due.source,
        source_reference=due.reference,
        period=period.name,
        day=due.day,
        description=due.name,
        quantity=Decimal(1),
        unit=Unit.EACH,
        unit_price=due.amount,
        amount=due.amount,
        tax_code=terms.tax_code,
        commercial_model=terms.model,
        revenue_treatment=terms.contract.revenue_treatment,
        ledger=coding(terms, due.source, book.firm),
        state=BillingItemState.PROPOSED,
    )
