"""What was used, at the price of its line of the contract."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from throughline.core.billing.book import Book
from throughline.core.billing.checks import refuse_unapproved
from throughline.core.billing.outcome import Outcome, outcome
from throughline.core.billing.pricing import charge
from throughline.core.billing.terms import Terms, coding, refuse_outside, terms_of_contract
from throughline.core.entities import (
    Approval,
    BillingItem,
    BillingItemId,
    BillingItemState,
    BillingSource,
    CommercialModel,
    ContractLine,
    Unit,
)
from throughline.core.errors import Hold
from throughline.core.fiscal import Calendar


@dataclass(frozen=True, slots=True)
class Reading:
    """How much was used on a day, as metered."""

    reference: str
    contract: str
    contract_line: str
    day: date
    quantity: Decimal
    unit: Unit
    approval: Approval | None


def usage_charge(reading: Reading, book: Book) -> Outcome:
    return outcome(reading.reference, lambda: _decided(reading, book))


def _decided(reading: Reading, book: Book) -> BillingItem:
    refuse_unapproved(reading.approval)
    terms = terms_of_contract(reading.contract, book)
    refuse_outside(reading.day, terms)
    line = _line(reading, terms)
    entity = terms.contract.legal_entity
    period = Calendar(book.firm, book.periods).booked(reading.day, legal_entity=entity, source=BillingSource.USAGE)
    return BillingItem(
        id=BillingItemId(f"billing-item-of-{reading.reference}"),
        customer=terms.customer.id,
        contract=terms.contract.id,
        contract_line=line.key,
        legal_entity=entity,
        source=BillingSource.USAGE,
        source_reference=reading.reference,
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


def _line(reading: Reading, terms: Terms) -> ContractLine:
    line = next((each for each in terms.contract.lines if each.key == reading.contract_line), None)
    if line is None or line.commercial_model is not CommercialModel.USAGE:
        raise Hold(
            f"{terms.contract.name} has no line {reading.contract_line} that is billed by usage",
            fix="Correct the line of the reading, or amend the contract; then release.",
        )
    if line.unit is not reading.unit or reading.quantity < 0:
        raise Hold(
            f"{reading.quantity} {reading.unit.value} was used, and line {line.key} is priced "
            f"by the {line.unit.value if line.unit else 'unit nobody named'}",
            fix="Correct the reading; to take back what was charged, credit it.",
        )
    return line
