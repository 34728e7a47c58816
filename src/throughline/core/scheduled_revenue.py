"""What the books plan to recognise, held against what the contract promises."""

from collections.abc import Sequence

from throughline.core.entities import CommercialModel, Contract, RevenueSchedule, RevenueTreatment
from throughline.core.errors import Hold
from throughline.core.money import Money, total

# What nobody knows the amount of before the work is done is revenue when it is billed, by no schedule.
AS_IT_COMES = frozenset({CommercialModel.TIME_AND_MATERIALS, CommercialModel.USAGE})


def is_scheduled(contract: Contract) -> bool:
    return contract.revenue_treatment is not RevenueTreatment.AS_INVOICED


def promised(contract: Contract) -> Money:
    """What of a contract's value a schedule is to recognise."""
    comes = (line.amount for line in contract.lines if line.commercial_model in AS_IT_COMES)
    return contract.value - total(comes, contract.currency)


def refuse_difference(schedules: Sequence[RevenueSchedule], contract: Contract) -> None:
    """A wrong total becomes wrong revenue, a month at a time, and nobody notices before the year ends.

    A ledger keeps one schedule for a contract, or one for each of its lines.
    """
    for each in schedules:
        _refuse_another_currency(each, contract)
    found = total((each.total for each in schedules), contract.currency)
    _refuse(found, promised(contract), f"The total of the revenue schedule of {contract.name}", "the contract promises")
    planned = total((line.amount for each in schedules for line in each.lines), contract.currency)
    _refuse(planned, found, f"The sum of the periods in the revenue schedule of {contract.name}", "its total is")


def _refuse(found: Money, wanted: Money, what: str, against: str) -> None:
    if found == wanted:
        return
    difference = found - wanted
    side = "too much" if difference.amount > 0 else "too little"
    raise Hold(
        f"{what} is {found}, and {against} {wanted}: {abs(difference)} {side}",
        fix="Correct the schedule in the ledger, or the contract if that is what is wrong; the run goes on by itself.",
        amount=abs(difference),
    )


def _refuse_another_currency(schedule: RevenueSchedule, contract: Contract) -> None:
    if schedule.currency != contract.currency:
        raise Hold(
            f"The revenue schedule of {contract.name} totals {schedule.total}, and the contract is in"
            f" {contract.currency}: nobody can say whether that is the same",
            fix="Correct the currency in the ledger; the run goes on by itself.",
            amount=schedule.total,
        )
