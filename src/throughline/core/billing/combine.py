"""Charges into lines of an invoice, as the contract says; every part sums to its line, and every line to the total."""

from collections.abc import Iterable
from dataclasses import dataclass

from throughline.core.billing.book import Book
from throughline.core.billing.terms import Terms, terms_of_contract, terms_of_project
from throughline.core.entities import BillingItem, InvoiceLine
from throughline.core.fx import ROUNDING
from throughline.core.money import Money, summed, total

type Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Combined:
    """One line of an invoice, and the charges it is made of with the amounts that sum to it."""

    contract: str
    line: InvoiceLine
    items: tuple[BillingItem, ...]


def combine(items: Iterable[BillingItem], book: Book) -> tuple[Combined, ...]:
    """The same lines whatever order the charges came in."""
    groups: dict[Key, tuple[Terms, list[BillingItem]]] = {}
    for item in sorted(items, key=lambda each: (each.day, each.id)):
        terms = _terms(item, book)
        groups.setdefault(line_key(item, terms), (terms, []))[1].append(item)
    return tuple(_combined(key, *groups[key]) for key in sorted(groups))


def line_key(item: BillingItem, terms: Terms) -> Key:
    """What one line is made for. Prices, taxes, periods and accounts are never mixed, nor what two meters said."""
    by = set(terms.rule.combine_by.split())
    ledger = item.ledger
    return (
        item.contract or "",
        item.period or "",
        item.source.value,
        item.project or "" if "project" in by else "",
        item.person or "" if "person" in by else "",
        item.task or "" if "task" in by else "",
        item.role or "" if "role" in by else "",
        item.day.isoformat() if "day" in by else "",
        item.contract_line or "",
        str(item.unit_price),
        item.tax_code or "",
        *((ledger.account or "", ledger.cost_centre or "", ledger.item or "") if ledger else ("", "", "")),
    )


def _terms(item: BillingItem, book: Book) -> Terms:
    return terms_of_project(item.project, book) if item.project else terms_of_contract(item.contract or "", book)


def _combined(key: Key, terms: Terms, items: list[BillingItem]) -> Combined:
    first = items[0]
    currency = first.amount.currency
    whole = total((item.amount for item in items), currency).rounded(ROUNDING[terms.rule.rounding])
    settled = _settled(items, whole)
    line = InvoiceLine(
        key=" / ".join(part for part in key if part),
        starts=first.day,
        ends=items[-1].day,
        description=_description(first, terms),
        quantity=summed((item.quantity, 1) for item in items),
        unit=first.unit,
        unit_price=first.unit_price,
        amount=whole,
        tax_code=first.tax_code,
        item=first.ledger.item if first.ledger else None,
        cost_centre=first.ledger.cost_centre if first.ledger else None,
        contract_line=first.contract_line,
        covers=tuple(item.id for item in settled),
    )
    return Combined(first.contract or "", line, settled)


def _settled(items: list[BillingItem], whole: Money) -> tuple[BillingItem, ...]:
    """Each charge with whole cents that sum to the line. What was rounded before is left as it is."""
    if all(item.amount == item.amount.rounded() for item in items):
        return tuple(items)
    parts = allocate(whole, [item.amount for item in items])
    return tuple(item.model_copy(update={"amount": part}) for item, part in zip(items, parts, strict=True))


def allocate(whole: Money, shares: list[Money]) -> tuple[Money, ...]:
    """In proportion to shares of either sign: whole cents first, the rest to the largest fractions."""
    if whole.is_zero and all(share.is_zero for share in shares):
        return tuple(shares)
    if any(share.amount < 0 for share in shares):
        return _by_remainder(whole, shares)
    return whole.allocate([share.amount for share in shares])


def _by_remainder(whole: Money, shares: list[Money]) -> tuple[Money, ...]:
    rounded = [share.rounded() for share in shares]
    over = (whole - total(rounded, whole.currency)).minor()
    unit = Money.from_minor(1 if over > 0 else -1, whole.currency)
    order = sorted(range(len(shares)), key=lambda at: ((rounded[at] - shares[at]).amount * unit.amount, at))
    for step in range(abs(over)):
        rounded[order[step % len(order)]] += unit
    return tuple(rounded)


def _description(item: BillingItem, terms: Terms) -> str:
    parts = (terms.project.name if terms.project else terms.contract.name, item.role or item.description)
    return ", ".join(part for part in parts if part)
