"""Converting between currencies at the rate and the day the firm's rule names; both amounts and the rate are kept."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Literal, Self

from throughline.core.entities.finance import FxRate
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.core.rows import FxRuleRow

ROUNDING = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}
type Purpose = Literal["intercompany", "expense"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """What it was, what it is worth elsewhere, and at which rate of which day; within one currency at 1."""

    source: Money
    target: Money
    rate: Decimal
    day: date
    provider: str | None


@dataclass(frozen=True, slots=True)
class Days:
    """The days a rule may mean."""

    work_day: date
    period_end: date
    billing_day: date


@dataclass(frozen=True, slots=True)
class FxRates:
    """Published rates by currencies and provider, oldest first."""

    published: Mapping[tuple[str, str, str | None], tuple[FxRate, ...]]

    @classmethod
    def of(cls, rates: Iterable[FxRate]) -> Self:
        found: dict[tuple[str, str, str | None], list[FxRate]] = {}
        for rate in sorted(rates, key=lambda each: (each.day, each.id)):
            found.setdefault((rate.source, rate.target, rate.provider), []).append(rate)
        return cls({pair: tuple(each) for pair, each in found.items()})

    def on(self, day: date, *, source: str, target: str, rule: FxRuleRow) -> FxRate:
        """The provider's rate of that day, or the newest of the few days before that the rule allows."""
        rates = self.published.get((source, target, rule.provider), ())
        at = bisect_right(rates, day, key=lambda rate: rate.day)
        newest = rates[at - 1] if at else None
        if newest is None or day - newest.day > timedelta(days=rule.oldest_days):
            raise Hold(
                f"{rule.provider} has no rate from {source} to {target} on {day} or the {rule.oldest_days} days before",
                fix="Bring the missing rate into the ledger, then release.",
            )
        if at > 1 and rates[at - 2].day == newest.day and rates[at - 2].rate != newest.rate:
            raise Hold(
                f"{rule.provider} has two rates from {source} to {target} on {newest.day}: "
                f"{rates[at - 2].rate} and {newest.rate}",
                fix="Delete the wrong one in the ledger, then release.",
            )
        return newest


@dataclass(frozen=True, slots=True)
class Exchange:
    """How a legal entity converts."""

    firm: Firm
    rates: FxRates
    legal_entity: str

    def convert(self, money: Money, to: str, *, purpose: Purpose, days: Days, rounding: str) -> Conversion:
        """At the policy's rate and date, brought to the target's smallest unit once."""
        if money.currency == to:
            return Conversion(money, money.rounded(ROUNDING[rounding]), Decimal(1), days.work_day, None)
        rule = self.rule(purpose)
        rate = self.rates.on(getattr(days, rule.rate_day), source=money.currency, target=to, rule=rule)
        target = money.convert(rate.rate, to).rounded(ROUNDING[rounding])
        return Conversion(money, target, rate.rate, rate.day, rule.provider)

    def rule(self, purpose: Purpose) -> FxRuleRow:
        row = self.firm.table(FxRuleRow).lookup(legal_entity=self.legal_entity, purpose=purpose)
        if row is None:
            raise Hold(
                f"No rule says at which rate {self.legal_entity} converts for {purpose}",
                fix=f"Add a row for {self.legal_entity}, {purpose} to tables/fx_rules.csv; release.",
            )
        return row
