"""When the value of a contract becomes revenue, month by month, before a change order and after it."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from throughline.core.entities import BillingPlan, ChangeOrder, Contract, RevenueTreatment
from throughline.core.money import Money, total

type Months = dict[str, Money]
BY_DAYS = frozenset({RevenueTreatment.STRAIGHT_LINE, RevenueTreatment.OVER_TIME})


@dataclass(frozen=True, slots=True)
class Shift:
    """What is expected of one month, now and with the change."""

    period: str
    before: Money
    after: Money


@dataclass(frozen=True, slots=True)
class Terms:
    """A contract and its plan, as they are at one moment."""

    contract: Contract
    plan: BillingPlan


def shifts(change: ChangeOrder, now: Terms, then: Terms) -> tuple[Shift, ...]:
    """Every month with revenue in it. The months sum to what the contract is worth, on both sides."""
    before = expected(now)
    after = _kept_and_rest(change, before, then) if _by_days(then) else expected(then)
    nothing = Money.zero(now.contract.currency)
    months = sorted({*before, *after})
    return tuple(Shift(month, before.get(month, nothing), after.get(month, nothing)) for month in months)


def expected(terms: Terms) -> Months:
    """By days from start to end, or by when it is billed; nothing when nobody can say when the work ends."""
    contract = terms.contract
    if not _by_days(terms):
        return _by_bills(terms.plan)
    if contract.ends is None:
        return {}
    return _spread(contract.value, contract.starts, contract.ends)


def _by_days(terms: Terms) -> bool:
    return terms.contract.revenue_treatment in BY_DAYS or not terms.plan.instalments


def _by_bills(plan: BillingPlan) -> Months:
    months: defaultdict[str, list[Money]] = defaultdict(list)
    for each in plan.instalments:
        months[_month(each.due)].append(each.amount)
    return {month: total(amounts, plan.currency) for month, amounts in months.items()}


def _kept_and_rest(change: ChangeOrder, before: Months, then: Terms) -> Months:
    """Months before the change holds are as they were; what is left of the value falls on the days from then on."""
    contract = then.contract
    if contract.ends is None:
        return {}
    starts = max((change.effective_from or contract.starts).replace(day=1), contract.starts)
    kept: Mapping[str, Money] = {month: amount for month, amount in before.items() if month < _month(starts)}
    left = contract.value - total(kept.values(), contract.currency)
    return {**kept, **_spread(left, starts, max(contract.ends, starts))}


def _spread(value: Money, starts: date, ends: date) -> Months:
    days = Counter(_month(starts + timedelta(days=at)) for at in range((ends - starts).days + 1))
    return dict(zip(days, value.allocate(list(days.values())), strict=True))


def _month(day: date) -> str:
    return f"{day:%Y-%m}"
