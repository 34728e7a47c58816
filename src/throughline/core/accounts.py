"""How an account stands: each contract by itself, and one position for each currency it is sold to in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from throughline.core.billing.invoices import covered
from throughline.core.billing.plan import reference_of
from throughline.core.entities import BillingPlan, Contract, CreditMemo, Invoice
from throughline.core.money import Money, total
from throughline.core.receivables import Standing, backlog, days_sales_outstanding, in_words, standing


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


@dataclass(frozen=True, slots=True)
class Worked:
    """Approved work that is on no invoice that is out; of lines without a rate nobody knows the worth."""

    amount: Money
    unpriced: int = 0


@dataclass(frozen=True, slots=True)
class ContractStands:
    """How one contract stands. `unbilled` is None while some of the work has no price."""

    contract: Contract
    stands: Standing
    backlog: Money
    unbilled: Money | None
    summary: str


def positions(
    contracts: Sequence[Contract], invoices: Sequence[Invoice], memos: Sequence[CreditMemo], *, today: date
) -> tuple[Position, ...]:
    """In the order of the currencies' names. Nothing is converted: what is owed is owed in its own currency."""
    currencies = sorted({each.currency for each in (*contracts, *invoices)})
    return tuple(_position(each, contracts, invoices, memos, today) for each in currencies)


def contract_stands(
    contract: Contract, invoices: Sequence[Invoice], memos: Sequence[CreditMemo], *, plan: BillingPlan | None,
    worked: Worked, today: date,
) -> ContractStands:  # fmt: skip
    mine = [each for each in invoices if each.contract == contract.id]
    stands = standing(mine, memos, currency=contract.currency, today=today)
    due = fallen_due(plan, mine, today=today) if plan else Money.zero(contract.currency)
    return ContractStands(
        contract=contract,
        stands=stands,
        backlog=backlog(contract, mine, memos),
        unbilled=None if worked.unpriced else worked.amount + due,
        summary=in_words(mine, stands, today=today),
    )


def fallen_due(plan: BillingPlan, invoices: Iterable[Invoice], *, today: date) -> Money:
    """Instalments whose day has come and which are on no invoice that is out. One of a milestone has no day."""
    done = covered(invoices)
    waits = (
        each.amount
        for each in plan.instalments
        if each.due <= today and not each.milestone and f"billing-item-of-{reference_of(plan, each)}" not in done
    )
    return total(waits, plan.currency)


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
