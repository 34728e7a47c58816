"""One approved time entry against everything that must be in order, and the charge it becomes."""

from collections.abc import Mapping
from types import MappingProxyType

from throughline.core.billing.book import Book
from throughline.core.billing.checks import (
    assignment_of,
    person_of,
    refuse_hours,
    refuse_unapproved,
    role_of,
    task_of,
)
from throughline.core.billing.outcome import NotCharged, Outcome, outcome
from throughline.core.billing.pricing import Work, charge, hourly, known_as
from throughline.core.billing.terms import Terms, coding, refuse_outside, terms_of_project
from throughline.core.entities import (
    BillingItem,
    BillingItemId,
    BillingItemState,
    BillingSource,
    CommercialModel,
    Task,
    TimeEntry,
    Unit,
)
from throughline.core.money import Money

# Only these are paid by the hour; a retainer's hours are drawn from what was paid in advance.
PAID_BY_THE_HOUR = {CommercialModel.TIME_AND_MATERIALS, CommercialModel.RETAINER}
PAID_OTHERWISE: Mapping[CommercialModel, str] = MappingProxyType(
    {
        CommercialModel.FIXED_FEE: "a fixed fee is billed on its plan",
        CommercialModel.MILESTONE: "milestones are billed when they are accepted",
        CommercialModel.USAGE: "usage is billed by what was used",
        CommercialModel.SUBSCRIPTION: "a subscription is billed on its plan",
        CommercialModel.MANAGED_SERVICE: "a managed service is billed on its plan",
    }
)


def time_charge(entry: TimeEntry, book: Book) -> Outcome:
    """The charge, no charge and why, or a hold that says what to do."""
    return outcome(entry.id, lambda: _decided(entry, book))


def why_not_charged(*, billable: bool, task: Task | None, terms: Terms) -> str | None:
    if not billable:
        return "the line is not billable"
    if task and not task.billable:
        return f"task {task.title} is not billable"
    return PAID_OTHERWISE.get(terms.model)


def time_item(entry: TimeEntry, terms: Terms, *, role: str, rate: Money, period: str, book: Book) -> BillingItem:
    """The canonical charge of one entry. Its id follows from the entry, so it is charged once."""
    return BillingItem(
        id=BillingItemId(f"billing-item-of-{entry.id}"),
        customer=terms.customer.id,
        contract=terms.contract.id,
        project=entry.project,
        legal_entity=terms.contract.legal_entity,
        source=BillingSource.TIME,
        source_reference=entry.id,
        period=period,
        day=entry.day,
        description=entry.note,
        role=role,
        person=entry.resource,
        task=entry.task,
        quantity=entry.hours,
        unit=Unit.HOUR,
        unit_price=rate,
        amount=charge(entry.hours, rate, terms.rule),
        tax_code=terms.tax_code,
        commercial_model=terms.model,
        revenue_treatment=terms.contract.revenue_treatment,
        ledger=coding(terms, BillingSource.TIME, book.firm),
        state=BillingItemState.PROPOSED,
        approval=entry.approval,
    )


def _decided(entry: TimeEntry, book: Book) -> BillingItem | NotCharged:
    refuse_unapproved(entry.approval)
    terms = terms_of_project(entry.project, book)
    refuse_outside(entry.day, terms)
    task = task_of(entry.task, entry.project, book)
    person = person_of(entry.resource, book)
    assignment = assignment_of(entry.project, person, day=entry.day, task=entry.task, book=book)
    refuse_hours(entry.hours)
    if why := why_not_charged(billable=entry.billable, task=task, terms=terms):
        return NotCharged(entry.id, why)
    item, entity = f"billing-item-of-{entry.id}", terms.contract.legal_entity
    if terms.model is CommercialModel.RETAINER:
        # Most of it is paid in advance: only what goes beyond that is booked anywhere, and may be late.
        period = book.periods.on(entry.day, legal_entity=entity)
    else:
        period = book.period_of(item, entry.day, legal_entity=entity, source=BillingSource.TIME)
    role = role_of(entry.role, assignment, person)
    work = Work(role, known_as(person), person.region, entry.day, overtime=bool(entry.overtime))
    rate = hourly(work, terms, book.firm)
    return time_item(entry, terms, role=role, rate=rate, period=period.name, book=book)
