"""What an hour costs the customer: the most specific rate of the card, overtime on top, a write-down off it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from throughline.core.billing.terms import Terms
from throughline.core.entities import Resource
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.fx import ROUNDING
from throughline.core.money import Money
from throughline.core.rows import BillingRuleRow, RateRow, WriteDownRow

PERCENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Work:
    """What a price depends on beside the terms."""

    role: str
    person: str
    region: str | None
    day: date
    overtime: bool


def known_as(person: Resource) -> str:
    """What the firm's tables call a person."""
    return person.email or person.id


def hourly(work: Work, terms: Terms, firm: Firm) -> Money:
    """An hour of this work. Never what the line itself says it costs: the card is what was agreed."""
    rate = Money.of(_card_rate(work, terms, firm), terms.contract.currency)
    if work.overtime:
        rate *= _overtime(terms) * PERCENT
    return rate * ((100 - _written_down(work, terms, firm)) * PERCENT)


def charge(hours: Decimal, rate: Money, rule: BillingRuleRow) -> Money:
    """Hours at a rate; to the smallest unit here only where the rule says that every item is rounded."""
    amount = rate * hours
    return amount.rounded(ROUNDING[rule.rounding]) if rule.round_at == "item" else amount


def _card_rate(work: Work, terms: Terms, firm: Firm) -> Decimal:
    card = terms.project.rate_card if terms.project else None
    if card is None:
        raise Hold(
            f"{terms.project.name if terms.project else terms.contract.name} has no rate card",
            fix="Enter the rate card on the project, then release.",
        )
    currency = terms.contract.currency
    row = firm.table(RateRow).lookup(
        day=work.day, rate_card=card, role=work.role, person=work.person, region=work.region, currency=currency
    )
    if row is None:
        raise Hold(
            f"Rate card {card} has no rate in {currency} for {work.role} on {work.day}",
            fix="Add a row to tables/rate_cards.csv; release.",
        )
    return row.hourly_rate


def _overtime(terms: Terms) -> Decimal:
    if terms.rule.overtime_percent is None:
        raise Hold(
            f"The line is overtime, and {terms.rule.place} does not say what overtime costs",
            fix="Fill in overtime_percent in that row of tables/billing_rules.csv; release.",
        )
    return terms.rule.overtime_percent


def _written_down(work: Work, terms: Terms, firm: Firm) -> Decimal:
    project = terms.project
    row = firm.table(WriteDownRow).lookup(
        day=work.day,
        contract=terms.contract.id,
        project=(project.code or project.id) if project else None,
        role=work.role,
        person=work.person,
    )
    return row.percent if row else Decimal(0)
