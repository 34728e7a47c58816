"""What falls due without anybody's hours: instalments on their day, milestones when they are reached."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from throughline.core.billing.book import Book
from throughline.core.billing.milestones import milestone_of, named, reached_on
from throughline.core.billing.outcome import NotCharged, Outcome, outcome
from throughline.core.billing.terms import Terms, coding, terms_of_contract, terms_of_project
from throughline.core.entities import (
    BillingInstalment,
    BillingItem,
    BillingItemId,
    BillingItemState,
    BillingPlan,
    BillingSource,
    Contract,
    Unit,
)
from throughline.core.errors import Hold
from throughline.core.firm import Firm
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
    """Each instalment once and for its own amount: on its day, or when the milestone it names is reached."""
    open_ones = [each for each in plan.instalments if reference_of(plan, each) not in billed]
    return tuple(
        outcome(reference_of(plan, each), lambda each=each: _instalment(plan, each, book, on)) for each in open_ones
    )


def taken_back(plan: BillingPlan, book: Book, *, billed: Collection[str]) -> tuple[BillingInstalment, ...]:
    """Those that are billed although their milestone is not reached any more."""
    out = [each for each in plan.instalments if each.milestone and reference_of(plan, each) in billed]
    return tuple(each for each in out if any(not task.completed for task in named(each, plan, book)))


def next_day(plan: BillingPlan, *, after: date) -> date | None:
    """The next day something falls due by itself, or a milestone should be there to be reached."""
    return min((each.due for each in plan.instalments if each.due > after), default=None)


def reference_of(plan: BillingPlan, instalment: BillingInstalment) -> str:
    return f"{plan.id}-{instalment.key}"


def zone_of(contract: Contract, firm: Firm) -> ZoneInfo:
    """A day begins where the contract's company is."""
    entity = firm.legal_entity(contract.legal_entity)
    if entity is None:
        known = ", ".join(each.code for each in firm.legal_entities)
        raise Hold(
            f"{contract.name} is of legal entity {contract.legal_entity}, and there are {known}",
            fix="Correct the legal entity of the contract, or add the company to firm.yaml; release.",
        )
    return ZoneInfo(entity.timezone)


def _instalment(plan: BillingPlan, due: BillingInstalment, book: Book, on: date) -> BillingItem | NotCharged:
    refuse_untrue_plan(plan)
    if due.milestone:
        return _milestone(plan, due, book, on)
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


def _milestone(plan: BillingPlan, due: BillingInstalment, book: Book, on: date) -> BillingItem | NotCharged:
    """Reached ones are billed, whoever worked how long; the others wait."""
    reference, milestone = reference_of(plan, due), milestone_of(due, plan, book, on=on)
    if milestone is None or not milestone.completed:
        return NotCharged(reference, f"{due.milestone} is not reached yet")
    terms = terms_of_project(milestone.project, book)
    day = reached_on(milestone, due, zone_of(terms.contract, book.firm))
    return _item(Due(reference, due.name, due.amount, day, BillingSource.MILESTONE), terms, book)


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
