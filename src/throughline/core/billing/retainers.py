"""Money paid in advance, drawn down by the work; what goes beyond it is billed, and it never falls below nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from throughline.core.billing.limit import divide
from throughline.core.billing.terms import Terms
from throughline.core.entities import BillingItem, BillingItemId, BillingMethod, BillingPlan, BillingSource, Contract
from throughline.core.errors import Hold
from throughline.core.money import Money
from throughline.core.rows import BillingRuleRow

ONE_DAY = timedelta(days=1)


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


def beyond_retainer(
    items: Iterable[BillingItem], plan: BillingPlan, terms: Terms, days: tuple[date, date]
) -> list[BillingItem]:
    """Of all work up to the end of these days, what is billed for them on top of what was paid in advance."""
    known, left = list(items), Money.zero(plan.currency)
    first, last = days
    # What is used has a price of its own, and was not paid in advance.
    used = [each for each in known if each.source is BillingSource.USAGE]
    billed = [each for each in used if first <= each.day <= last]
    known = [each for each in known if each.source is not BillingSource.USAGE]
    for begins, ends, amount in _spans(plan, terms.contract):
        if begins > last:
            break
        drawn = draw_down((each for each in known if begins <= each.day <= ends), left + amount)
        billed += [each for each in drawn.billed if first <= each.day <= last]
        left = end_of_period(drawn.left, terms.rule).carried if ends < last else drawn.left
    return billed


def _spans(plan: BillingPlan, contract: Contract) -> Iterator[tuple[date, date, Money]]:
    """The days each instalment pays for: from its own day on, or up to it when it is paid afterwards."""
    ordered = sorted(plan.instalments, key=lambda each: each.due)
    if contract.billing_method is BillingMethod.IN_ADVANCE:
        begins = [each.due for each in ordered]
    else:
        begins = [contract.starts or date.min, *(each.due + ONE_DAY for each in ordered[:-1])]
    ends = [each - ONE_DAY for each in begins[1:]] + [contract.ends or date.max]
    return zip(begins, ends, (each.amount for each in ordered), strict=True)


def _rest_of(item: BillingItem, amount: Money) -> BillingItem:
    if amount == item.amount:
        return item
    # The hours stand with the draw; here only money is left of them.
    update = {"id": BillingItemId(f"{item.id}-beyond"), "quantity": item.quantity * 0, "amount": amount}
    return item.model_copy(update=update)
