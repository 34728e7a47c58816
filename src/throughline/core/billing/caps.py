"""A contract's not-to-exceed: work beyond it is never billed, and never forgotten either."""

from collections.abc import Iterable
from dataclasses import dataclass

from throughline.core.billing.limit import divide
from throughline.core.entities import BillingItem, BillingItemId, BillingItemState, Contract
from throughline.core.money import Money


@dataclass(frozen=True, slots=True)
class Capped:
    """What may be billed, and what somebody must decide about: a change order, or a write-off."""

    billed: tuple[BillingItem, ...]
    withheld: tuple[BillingItem, ...]


def within_cap(items: Iterable[BillingItem], contract: Contract, *, billed_before: Money) -> Capped:
    """A charge the cap runs through keeps its hours on the part that is billed, so that the customer sees them all."""
    if contract.not_to_exceed is None:
        return Capped(tuple(items), ())
    divided = divide(items, contract.not_to_exceed - billed_before)
    billed = [
        _part(share.item, share.within) for share in divided.shares if share.beyond.is_zero or not share.within.is_zero
    ]
    why = f"{contract.name} is not to exceed {contract.not_to_exceed}"
    withheld = [_withheld(share.item, share.beyond, why) for share in divided.shares if not share.beyond.is_zero]
    return Capped(tuple(billed), tuple(withheld))


def _part(item: BillingItem, amount: Money) -> BillingItem:
    return item if item.amount == amount else item.model_copy(update={"amount": amount})


def _withheld(item: BillingItem, amount: Money, why: str) -> BillingItem:
    changes: dict[str, object] = {"state": BillingItemState.WITHHELD, "withheld_because": why}
    if amount != item.amount:
        changes |= {"id": BillingItemId(f"{item.id}-beyond"), "quantity": item.quantity * 0, "amount": amount}
    return item.model_copy(update=changes)
