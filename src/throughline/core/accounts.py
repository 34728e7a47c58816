"""How an account stands: one position for each currency it is sold to in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from throughline.core.entities import Contract, CreditMemo, Invoice
from throughline.core.money import Money, total
from throughline.core.receivables import Standing, backlog, days_sales_outstanding, standing


@dataclass(frozen=True, slots=True)
class Position:
    """What is billed, open and late, with tax; and what is contracted and not billed, before tax."""

    stands: Standing
    backlog: Money
    days_sales_outstanding: Decimal | None

    @property
    def currency(self) -> str:
        return self.backlog.currency

    @property
    def in_words(self) -> str:
        said = [f"open {self.stands.open_amount}", f"overdue {self.stands.overdue}", f"backlog {self.backlog}"]
        days = self.days_sales_outstanding
        return ", ".join([*said, "DSO not known" if days is None else f"DSO {days} days"])


def positions(
    contracts: Sequence[Contract], invoices: Sequence[Invoice], memos: Sequence[CreditMemo], *, today: date
) -> tuple[Position, ...]:
    """In the order of the currencies' names. Nothing is converted: what is owed is owed in its own currency."""
    currencies = sorted({each.currency for each in (*contracts, *invoices)})
    return tuple(_position(each, contracts, invoices, memos, today) for each in currencies)


def _position(
    currency: str, contracts: Sequence[Contract], invoices: Sequence[Invoice], memos: Sequence[CreditMemo], today: date
) -> Position:
    owed = [each for each in invoices if each.currency == currency]
    taken_back = [each for each in memos if each.currency == currency]
    left = (_backlog(each, owed, taken_back) for each in contracts if each.currency == currency)
    return Position(
        stands=standing(owed, taken_back, currency=currency, today=today),
        backlog=total(left, currency),
        days_sales_outstanding=days_sales_outstanding(owed, taken_back, currency=currency, today=today),
    )


def _backlog(contract: Contract, invoices: Sequence[Invoice], memos: Sequence[CreditMemo]) -> Money:
    return backlog(contract, [each for each in invoices if each.contract == contract.id], memos)
