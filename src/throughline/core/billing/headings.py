"""What a line of an invoice is made for, and the exact totals under it, counted rather than added."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from throughline.core import exact
from throughline.core.billing.combine import line_key
from throughline.core.billing.terms import Terms
from throughline.core.entities import BillingItem
from throughline.core.fx import ROUNDING
from throughline.core.money import Money, plain, summed

type Amount = tuple[str, str]
"""A quantity and what it costs, as text."""
type Counts = Mapping[tuple[Heading, Amount], int]
"""How often each amount occurred under each heading: a sum of counts is exact, and has no order."""


@dataclass(eq=False, frozen=True, slots=True)
class Heading:
    """A line of an invoice before its amounts. Two of one key are the same line."""

    key: str
    contract: str
    project: str | None
    period: str
    currency: str
    unit_price: str
    rounding: str


@dataclass(frozen=True, slots=True)
class Total:
    """What a line of an invoice comes to: exactly, and in whole units of its currency."""

    heading: Heading
    lines: int
    quantity: Decimal
    exact_amount: Money

    @property
    def amount(self) -> Money:
        return self.exact_amount.rounded(ROUNDING[self.heading.rounding])


@dataclass(slots=True)
class Headings:
    """One value per line of an invoice, however its charges were found."""

    most: int
    known: dict[str, Heading] = field(default_factory=dict[str, Heading])

    def of(self, item: BillingItem, terms: Terms) -> Heading:
        key = exact.digest(line_key(item, terms))
        found = self.known.get(key)
        if found is None:
            if len(self.known) >= self.most:
                self.known.clear()
            found = self.known[key] = Heading(
                key=key,
                contract=terms.contract.id,
                project=item.project if "project" in terms.rule.combine_by.split() else None,
                period=item.period or "",
                currency=item.amount.currency,
                unit_price=plain(item.unit_price.amount),
                rounding=terms.rule.rounding,
            )
        return found


def totals(counts: Iterable[Counts]) -> tuple[Total, ...]:
    """Of any number of batches, in the order of their keys."""
    headings: dict[str, Heading] = {}
    merged: dict[str, dict[Amount, int]] = {}
    for batch in counts:
        for (heading, amount), times in batch.items():
            headings.setdefault(heading.key, heading)
            into = merged.setdefault(heading.key, {})
            into[amount] = into.get(amount, 0) + times
    return tuple(_total(headings[key], merged[key]) for key in sorted(merged))


def _total(heading: Heading, amounts: dict[Amount, int]) -> Total:
    return Total(
        heading=heading,
        lines=sum(amounts.values()),
        quantity=summed((Decimal(quantity), times) for (quantity, _), times in amounts.items()),
        exact_amount=Money.of(summed((Decimal(cost), times) for (_, cost), times in amounts.items()), heading.currency),
    )
