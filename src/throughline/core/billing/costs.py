"""What an hour of somebody costs the company they work for, in the currency of its books."""

from datetime import date

from throughline.core.billing.book import Book
from throughline.core.billing.pricing import known_as
from throughline.core.entities import Resource
from throughline.core.errors import Hold
from throughline.core.money import Money
from throughline.core.rows import LabourCostRow


def hourly_cost(person: Resource, book: Book, *, on: date) -> Money:
    """As the firm's table says."""
    employer = person.legal_entity or ""
    currency = currency_of(employer, book)
    row = book.firm.table(LabourCostRow).lookup(
        day=on, legal_entity=employer, role=person.role, person=known_as(person), currency=currency
    )
    if row is None:
        raise Hold(
            f"Nobody knows what an hour of a {person.role or 'person'}, {person.name}, costs {employer} in {currency}"
            f" on {on}",
            fix=f"Add a row for {employer}, {person.role or person.name} to tables/labour_costs.csv; release.",
        )
    return Money.of(row.hourly_cost, currency)


def currency_of(code: str, book: Book) -> str:
    entity = book.firm.legal_entity(code)
    if entity is None:
        raise Hold(f"{code} is no legal entity of the firm", fix="Correct it in HR, or add it to firm.yaml; release.")
    return entity.currency
