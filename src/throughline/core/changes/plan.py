"""What a change order makes of a billing plan: what is billed or due stays, and the rest is shared out anew."""

from collections.abc import Sequence
from datetime import date, timedelta

from throughline.core.changes.agreement import Agreement, delta, next_version, version_of
from throughline.core.contract_draft import MONTHS, periods
from throughline.core.entities import (
    BillingFrequency,
    BillingInstalment,
    BillingMethod,
    BillingPlan,
    BillingPlanKind,
    ChangeOrder,
    Contract,
)
from throughline.core.money import Money, total

BY_INSTALMENTS = frozenset({BillingPlanKind.SCHEDULE, BillingPlanKind.MILESTONE})


def changed_plan(change: ChangeOrder, agreed: Agreement) -> BillingPlan:
    """The plan with the change in it, once. Its instalments add up to what the contract is then worth."""
    plan = agreed.plan
    if version_of(change, plan.versions):
        return plan
    before = agreed.plan.total or agreed.contract.value
    made = {
        "total": before + delta(change),
        "instalments": _shared(change, agreed, before + delta(change)) if plan.plan_kind in BY_INSTALMENTS else (),
        "versions": (*plan.versions, next_version(change, plan.versions, before)),
    }
    return plan.model_copy(update=made)


def _shared(change: ChangeOrder, agreed: Agreement, whole: Money) -> tuple[BillingInstalment, ...]:
    in_order = sorted(agreed.plan.instalments, key=lambda each: (each.due, each.key))
    settled = _due(in_order, change) if total(_amounts(_due(in_order, change)), whole.currency) <= whole else []
    kept = settled if len(settled) >= len(_billed(in_order, agreed.billed)) else _billed(in_order, agreed.billed)
    left = whole - total(_amounts(kept), whole.currency)
    open_ = [each for each in in_order if each not in kept]
    if left.is_zero:
        return tuple(kept)
    targets = _targets(change, agreed, open_) or [_one_more(change, agreed)]
    return (*kept, *(each.model_copy(update={"amount": part}) for each, part in _parts(targets, left, agreed)))


def _parts(
    targets: Sequence[BillingInstalment], left: Money, agreed: Agreement
) -> list[tuple[BillingInstalment, Money]]:
    """By milestone as they were weighed when they were agreed; by period evenly, as a schedule is."""
    weights = [each.amount.amount for each in targets]
    even = agreed.plan.plan_kind is BillingPlanKind.SCHEDULE or not any(weights)
    parts = left.split(len(targets)) if even else left.allocate(weights)
    return list(zip(targets, parts, strict=True))


def _targets(change: ChangeOrder, agreed: Agreement, open_: list[BillingInstalment]) -> list[BillingInstalment]:
    """What is still to be billed, as far as the contract then goes, and what it goes further by."""
    ends = change.new_end or agreed.contract.ends
    if agreed.plan.plan_kind is BillingPlanKind.MILESTONE or ends is None:
        return open_
    before = agreed.contract.ends
    within = [each for each in open_ if each.due <= ends] if before and ends < before else open_
    return [*within, *_further(agreed, ends)]


def _further(agreed: Agreement, ends: date) -> list[BillingInstalment]:
    contract, plan = agreed.contract, agreed.plan
    once = plan.frequency in {None, BillingFrequency.ONCE}
    if once or plan.frequency is None or contract.ends is None or ends <= contract.ends:
        return []
    behind = periods(contract.ends + timedelta(days=1), ends, MONTHS[plan.frequency])
    number = _last_number(plan)
    return [
        BillingInstalment(
            key=str(number + at),
            name=f"{begins:%d %b %Y} to {until:%d %b %Y}",
            due=_due_on(contract, begins, until),
            amount=Money.zero(contract.currency),
        )
        for at, (begins, until) in enumerate(behind, start=1)
    ]


def _one_more(change: ChangeOrder, agreed: Agreement) -> BillingInstalment:
    """Everything agreed before is billed or due: what comes on top is billed on its own."""
    contract = agreed.contract
    starts = change.effective_from or contract.starts
    ends = max(change.new_end or contract.ends or starts, starts)
    milestone = change.name if agreed.plan.plan_kind is BillingPlanKind.MILESTONE else None
    return BillingInstalment(
        key=str(_last_number(agreed.plan) + 1),
        name=change.name,
        due=_due_on(contract, starts, ends),
        amount=Money.zero(contract.currency),
        milestone=milestone,
    )


def _due(instalments: list[BillingInstalment], change: ChangeOrder) -> list[BillingInstalment]:
    """What fell due before the change holds is owed as it was agreed. A milestone is owed when it is reached."""
    return [each for each in instalments if change.effective_from and each.due < change.effective_from]


def _billed(instalments: list[BillingInstalment], billed: Money) -> list[BillingInstalment]:
    """The first so many, as far as what is billed covers them whole."""
    covered: list[BillingInstalment] = []
    for each in instalments:
        if total(_amounts([*covered, each]), billed.currency) > billed:
            break
        covered.append(each)
    return covered


def _last_number(plan: BillingPlan) -> int:
    return max((int(each.key) for each in plan.instalments if each.key.isdecimal()), default=0)


def _due_on(contract: Contract, begins: date, ends: date) -> date:
    return begins if contract.billing_method is BillingMethod.IN_ADVANCE else ends


def _amounts(instalments: Sequence[BillingInstalment]) -> list[Money]:
    return [each.amount for each in instalments]
