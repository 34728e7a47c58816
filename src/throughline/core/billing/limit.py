"""Charges against a limit: what still fits under it, in order of time, and what goes beyond."""

from collections.abc import Iterable
from dataclasses import dataclass

from throughline.core.entities import BillingItem
from throughline.core.money import Money, total


@dataclass(frozen=True, slots=True)
class Share:
    """One charge, divided: the two amounts are its whole."""

    item: BillingItem
    within: Money
    beyond: Money


@dataclass(frozen=True, slots=True)
class Divided:
    """Charges in order of time, and what is left of the limit."""

    shares: tuple[Share, ...]
    left: Money

    @property
    def within(self) -> Money:
        return total((share.within for share in self.shares), self.left.currency)

    @property
    def beyond(self) -> Money:
        return total((share.beyond for share in self.shares), self.left.currency)


def divide(items: Iterable[BillingItem], limit: Money) -> Divided:
    """The earliest work comes first under the limit, whatever order the lines arrived in. Never more than the limit."""
    left = max(limit, Money.zero(limit.currency))
    shares: list[Share] = []
    for item in sorted(items, key=lambda each: (each.day, each.id)):
        within = min(item.amount, left)
        left -= within
        shares.append(Share(item, within, item.amount - within))
    return Divided(tuple(shares), left)
