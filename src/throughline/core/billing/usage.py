"""What was used, at the price of its line of the contract."""

from dataclasses import replace

from throughline.core.billing.book import Book
from throughline.core.billing.checks import refuse_unapproved
from throughline.core.billing.outcome import Held, NotCharged, Outcome, outcome
from throughline.core.billing.pricing import charge
from throughline.core.billing.terms import Terms, coding, refuse_outside, terms_of_project
from throughline.core.entities import (
    BillingItem,
    BillingItemId,
    BillingItemState,
    BillingSource,
    CommercialModel,
    Contract,
    ContractLine,
    UsageReading,
)
from throughline.core.errors import Hold
from throughline.core.money import Money


def usage_charge(reading: UsageReading, book: Book) -> Outcome:
    """The charge, or a hold that says what to do and, where it has a price, what it is worth."""
    found = outcome(reading.id, lambda: _decided(reading, book))
    if isinstance(found, Held) and found.amount is None:
        return replace(found, amount=_worth(reading, book))
    return found


def _decided(reading: UsageReading, book: Book) -> BillingItem | NotCharged:
    refuse_unapproved(reading.approval)
    terms = terms_of_project(reading.project, book)
    refuse_outside(reading.day, terms)
    line = _line(reading, terms)
    if not reading.quantity:
        return NotCharged(reading.id, "nothing was used")
    entity = terms.contract.legal_entity
    item = f"billing-item-of-{reading.id}"
    period = book.period_of(item, reading.day, legal_entity=entity, source=BillingSource.USAGE)
    return BillingItem(
        id=BillingItemId(f"billing-item-of-{reading.id}"),
        customer=terms.customer.id,
        contract=terms.contract.id,
        contract_line=line.key,
        project=reading.project,
        legal_entity=entity,
        source=BillingSource.USAGE,
        source_reference=reading.id,
        period=period.name,
        day=reading.day,
        description=line.description,
        quantity=reading.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        amount=charge(reading.quantity, line.unit_price, terms.rule),
        tax_code=line.tax_code or terms.tax_code,
        commercial_model=line.commercial_model,
        revenue_treatment=terms.contract.revenue_treatment,
        ledger=coding(terms, BillingSource.USAGE, book.firm),
        state=BillingItemState.PROPOSED,
        approval=reading.approval,
    )


def _worth(reading: UsageReading, book: Book) -> Money | None:
    project = book.projects.get(reading.project)
    contract = book.contracts.get(project.contract or "") if project else None
    lines = meant(reading, contract) if contract else []
    return (lines[0].unit_price * reading.quantity).rounded() if len(lines) == 1 else None


def meant(reading: UsageReading, contract: Contract) -> list[ContractLine]:
    """Lines sold by usage that a reading may mean: by key or by product, or whichever there is when it names none."""
    return [
        line
        for line in contract.lines
        if line.commercial_model is CommercialModel.USAGE and reading.contract_line in {None, line.key, line.product}
    ]


def _line(reading: UsageReading, terms: Terms) -> ContractLine:
    lines = meant(reading, terms.contract)
    if len(lines) != 1:
        raise Hold(
            f"{terms.contract.name} has {len(lines) or 'no'} lines {reading.contract_line or ''} that are billed by"
            f" usage, and {reading.quantity:f} {reading.unit.value} were used",
            fix="Correct the line of the reading, or amend the contract; then release.",
        )
    line = lines[0]
    if line.unit is not reading.unit or reading.quantity < 0:
        raise Hold(
            f"{reading.quantity:f} {reading.unit.value} was used, and line {line.key} is priced "
            f"by the {line.unit.value if line.unit else 'unit nobody named'}",
            fix="Correct the reading, or name the unit in tables/service_items.csv; what was charged is credited.",
        )
    return line
