"""What is charged on top of an invoice that is out, once its work came to more: one charge, on the next invoice."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from throughline.core.billing.invoices import charges
from throughline.core.entities import BillingItem, BillingItemId, BillingSource, Invoice, InvoiceLine, Unit
from throughline.core.money import Money, plain, total

TOP_UP = "billing-item-of-correction-of-"


def top_up(invoice: Invoice, amount: Money, now: Money, items: Sequence[BillingItem]) -> BillingItem | None:
    """Charged as the work is. None where that is taxed or booked in several ways: how much of each, a person says."""
    ways = {(each.tax_code, each.ledger, each.period) for each in items}
    if len(ways) != 1 or amount.amount <= 0:
        return None
    first = min(items, key=lambda each: (each.day, each.id))
    update = {
        "id": BillingItemId(f"{TOP_UP}{invoice.id}-to-{plain(now.amount)}"),
        "source": BillingSource.ADJUSTMENT,
        "source_reference": invoice.id,
        "description": f"Correction of invoice {invoice.number or invoice.id}",
        "quantity": Decimal(1),
        "unit": Unit.EACH,
        "unit_price": amount,
        "amount": amount,
        **dict.fromkeys(("role", "person", "task", "spent", "fx_rate", "fx_day", "approval"), None),
    }
    return first.model_copy(update=update)


def topped_up(invoice: Invoice, made: Iterable[Invoice]) -> Money:
    """What invoices that are out charge on top of this one."""
    return total(_amounts(made, f"{TOP_UP}{invoice.id}-to-"), invoice.currency)


def tops_up(invoice: Invoice) -> Money:
    """What this one charges on top of others: that stands, whatever its other work comes to."""
    return total(_amounts([invoice], TOP_UP), invoice.currency)


def _amounts(made: Iterable[Invoice], stem: str) -> Iterator[Money]:
    lines: Iterable[InvoiceLine] = (line for each in made if charges(each) for line in each.lines)
    # Each is one piece at its amount, so the price of its line is what it is, even where two share a line.
    return (line.unit_price for line in lines for item in line.covers if item.startswith(stem))
