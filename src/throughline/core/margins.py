"""What a project earns over what its people cost, and when that falls below what the firm wants to keep."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from throughline.core.entities import ApprovalState, CommercialModel, Contract, Invoice, TimeEntry
from throughline.core.money import Money, total
from throughline.core.policies import Margins
from throughline.core.receivables import is_out

TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Margin:
    """What is earned by the work, or agreed for it, and what that work cost."""

    revenue: Money
    cost: Money

    @property
    def percent(self) -> Decimal:
        return ((self.revenue - self.cost).amount / self.revenue.amount * 100).quantize(TENTH)


def margin(contract: Contract, entries: Iterable[TimeEntry], *, until: date) -> Margin | None:
    """As of a day; None while some approved hour has no cost, or no price where work is sold by the hour.

    Where the price is agreed, what is left of it is the best there can be: the work to come only costs more.
    """
    worked = [each for each in entries if _approved(each) and each.day <= until]
    cost = _sum(contract.currency, [(each.cost_rate, each) for each in worked])
    by_the_hour = contract.commercial_model is CommercialModel.TIME_AND_MATERIALS
    billable = [(each.rate, each) for each in worked if each.billable]
    revenue = _sum(contract.currency, billable) if by_the_hour else contract.value
    if cost is None or revenue is None or revenue.amount <= 0:
        return None
    return Margin(revenue, cost)


def crossed(before: Margin | None, now: Margin | None, rule: Margins) -> bool:
    """Told when it falls below, not for as long as it stays there."""
    if now is None or now.percent >= rule.below_percent:
        return False
    return before is None or before.percent >= rule.below_percent


def billed_before(invoice: Invoice, others: Iterable[Invoice]) -> date | None:
    """The day of the invoice before this one."""
    day = invoice.issued_on
    days = [each.issued_on for each in others if is_out(each) and each.id != invoice.id]
    return max((each for each in days if each and day and each < day), default=None)


def _approved(entry: TimeEntry) -> bool:
    return entry.approval is not None and entry.approval.state is ApprovalState.APPROVED


def _sum(currency: str, priced: Sequence[tuple[Money | None, TimeEntry]]) -> Money | None:
    amounts = [rate * entry.hours for rate, entry in priced if rate is not None and rate.currency == currency]
    return total(amounts, currency) if len(amounts) == len(priced) else None
