"""What happens to revenue in the books, and how a change of a schedule means it."""

from decimal import Decimal
from typing import ClassVar

from throughline.core.entities import RevenueLine
from throughline.core.event import Detector, Event, Fields
from throughline.core.money import Money

type Part = tuple[str | None, str]
"""A contract line, if the books tell, and a period."""


class RevenueRecognised(Event):
    """Some of what a contract promises became revenue."""

    subject: ClassVar[str] = "contract"
    contract: str
    revenue_schedule: str
    periods: tuple[str, ...]
    amount: Money


class RevenueScheduleChanged(Event):
    """When or how much revenue a contract will bring is new, or not what it was; or some was taken back."""

    subject: ClassVar[str] = "contract"
    contract: str
    revenue_schedule: str
    total: Money


def _recognised(before: Fields, after: Fields) -> Event | None:
    """Only what was added since: a part that was recognised before is no news, though its amount was split anew."""
    if not after.get("contract"):
        return None
    was, now = _sums(before, recognised=True), _sums(after, recognised=True)
    more = {part: amount - was.get(part, Decimal(0)) for part, amount in now.items()}
    added = {part: amount for part, amount in more.items() if amount > 0}
    if not added:
        return None
    return RevenueRecognised(
        revenue_schedule=after["id"],
        contract=after["contract"],
        periods=tuple(dict.fromkeys(period for _, period in added)),
        amount=Money(amount=sum(added.values(), Decimal(0)), currency=after["currency"]),
    )


def _changed(before: Fields, after: Fields) -> Event | None:
    if not after.get("contract") or not after.get("total"):
        return None
    planned = before.get("total") == after["total"] and _sums(before) == _sums(after)
    was, now = _sums(before, recognised=True), _sums(after, recognised=True)
    taken_back = any(now.get(part, Decimal(0)) < amount for part, amount in was.items())
    if planned and not taken_back and before.get("contract") == after["contract"]:
        return None
    total = Money.model_validate(after["total"])
    return RevenueScheduleChanged(revenue_schedule=after["id"], contract=after["contract"], total=total)


def _sums(fields: Fields, *, recognised: bool = False) -> dict[Part, Decimal]:
    """What is planned, or recognised, of each part."""
    sums: dict[Part, Decimal] = {}
    for each in fields.get("lines") or ():
        line = RevenueLine.model_validate(each)
        if line.recognised or not recognised:
            part = (line.contract_line, line.period)
            sums[part] = sums.get(part, Decimal(0)) + line.amount.amount
    return sums


DETECTORS: dict[str, tuple[Detector, ...]] = {"revenue_schedule": (_changed, _recognised)}
