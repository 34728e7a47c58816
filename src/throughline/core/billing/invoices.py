"""An invoice of some charges: its id, its day, its lines; and what became of those that were made before."""

from collections.abc import Iterable, Sequence
from datetime import date

from throughline.core.billing.book import Book
from throughline.core.billing.combine import combine
from throughline.core.billing.terms import Terms
from throughline.core.entities import BillingItem, FiscalPeriod, Invoice, InvoiceId, InvoiceState
from throughline.core.errors import Hold
from throughline.core.money import Money, total

# One the ledger has said nothing of yet is a draft of ours.
OPEN_TO_CHANGE = {None, InvoiceState.DRAFT}
CHARGES_NOTHING = {InvoiceState.VOID}


def charges(invoice: Invoice) -> bool:
    """Whether it is out, and stands: what it covers is charged."""
    return invoice.state not in OPEN_TO_CHANGE | CHARGES_NOTHING


def charged(invoice: Invoice) -> Money:
    """What its lines come to, before tax."""
    return total((line.amount for line in invoice.lines), invoice.currency)


def covered(invoices: Iterable[Invoice]) -> set[str]:
    """The charges on invoices that are out."""
    return {item for invoice in invoices if charges(invoice) for line in invoice.lines for item in line.covers}


def emptied(made: Sequence[Invoice], wanted: Sequence[Invoice]) -> list[Invoice]:
    """Drafts nothing is left to charge on."""
    still = {each.id for each in wanted}
    return [each for each in made if each.state in OPEN_TO_CHANGE and each.id not in still]


def free_id(stem: str, made: Iterable[Invoice]) -> InvoiceId:
    """That of the draft there is, or the next one behind those that are out. The first has no number."""
    fixed = {each.id for each in made if each.state not in OPEN_TO_CHANGE}
    number = 1
    while (name := stem if number == 1 else f"{stem}-{number}") in fixed:
        number += 1
    return InvoiceId(name)


def invoice_of(items: Sequence[BillingItem], id_: InvoiceId, terms: Terms, book: Book, *, day: date, memo: str,
               project: str | None) -> Invoice:  # fmt: skip
    contract, customer = terms.contract, terms.customer
    return Invoice.model_validate(
        {
            "id": id_,
            "customer": customer.id,
            "contract": contract.id,
            "project": project,
            "legal_entity": contract.legal_entity,
            "currency": contract.currency,
            "issued_on": day,
            "purchase_order": contract.purchase_order,
            "payment_terms": customer.payment_terms,
            "memo": memo,
            "lines": tuple(each.line for each in combine(items, book)),
        }
    )


def period_called(name: str, legal_entity: str, book: Book) -> FiscalPeriod:
    found = [each for each in book.periods.of_entity.get(legal_entity, ()) if each.name == name]
    if len(found) != 1:
        raise Hold(
            f"{legal_entity} has {len(found)} periods called {name!r}, and an invoice is booked in one",
            fix=f"Correct the fiscal periods of {legal_entity} in the ledger, then release.",
        )
    return found[0]


def within(period: FiscalPeriod, day: date) -> date:
    """That day, or the nearest one of the period."""
    return min(max(day, period.starts), period.ends)
