"""Money paid in advance, drawn down by the work; what goes beyond it is billed, and it never falls below nothing."""

from collections.abc import Iterable
from dataclasses import dataclass

from throughline.core.billing.limit import divide
from throughline.core.entities import BillingItem, BillingItemId
from throughline.core.errors import Hold
from throughline.core.money import Money
from throughline.core.rows import BillingRuleRow


@dataclass(frozen=True, slots=True)
class Draw:
    """What one charge took out of the retainer."""

    item: BillingItem
    amount: Money


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was covered, what is billed on top at the rates of the card, and what is left."""

    draws: tuple[Draw, ...]
    billed: tuple[BillingItem, ...]
    left: Money


@dataclass(frozen=True, slots=True)
class Rest:
    """What the next period begins with, and what is ours although nobody worked for it."""

    carried: Money
    expired: Money


def draw_down(items: Iterable[BillingItem], balance: Money) -> Drawn:
    """Earliest work first. A charge the balance runs out in is covered in part, and the rest of it billed."""
    divided = divide(items, balance)
    draws = [Draw(share.item, share.within) for share in divided.shares if not share.within.is_zero]
    billed = [_rest_of(share.item, share.beyond) for share in divided.shares if not share.beyond.is_zero]
    return Drawn(tuple(draws), tuple(billed), divided.left)


def end_of_period(left: Money, rule: BillingRuleRow) -> Rest:
    """The contract's rule says whether what is left lives on; when no rule says so, nobody may."""
    nothing = Money.zero(left.currency)
    match rule.retainer_unused:
        case "carry":
            return Rest(carried=left, expired=nothing)
        case "expire":
            return Rest(carried=nothing, expired=left)
        case None:
            raise Hold(
                f"{left} of the retainer is left, and {rule.place} does not say what becomes of it",
                fix="Fill in retainer_unused in that row of tables/billing_rules.csv; release.",
                amount=left,
            )


def _rest_of(item: BillingItem, amount: Money) -> BillingItem:
    if amount == item.amount:
        return item
    # The hours stand with the draw; here only money is left of them.
    update = {"id": BillingItemId(f"{item.id}-beyond"), "quantity": item.quantity * 0, "amount": amount}
    return item.model_copy(update=update)
