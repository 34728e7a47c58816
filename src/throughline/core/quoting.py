"""What can be said of a deal before it is won: yes, no, or that nobody knows; each with its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from throughline.core.accounts import Position
from throughline.core.entities import Customer, CustomerStatus, Opportunity, OpportunityLine
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.gate import approver, refuse_untrue_total, worth
from throughline.core.money import Money
from throughline.core.project_draft import template_for, template_tasks
from throughline.core.rows import RateRow

REFUSED = frozenset({CustomerStatus.BLOCKED, CustomerStatus.INACTIVE})


class Answer(StrEnum):
    """What is said to a question that sales asks while quoting."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, and why."""

    answer: Answer
    why: tuple[str, ...]

    @classmethod
    def yes(cls, *why: str) -> Self:
        return cls(Answer.YES, why)

    @classmethod
    def no(cls, *why: str) -> Self:
        return cls(Answer.NO, why)

    @classmethod
    def unknown(cls, *why: str) -> Self:
        return cls(Answer.UNKNOWN, why)


def credit(deal: Opportunity, customer: Customer, owed: Sequence[Position]) -> Said:
    """Whether what is open and what is being sold stay within the limit finance gives."""
    if customer.status in REFUSED:
        return Said.no(f"{customer.name} is {customer.status}")
    limit, amount = customer.credit_limit, _worth(deal)
    if limit is None:
        return Said.unknown(f"finance has given {customer.name} no credit limit that we know of")
    if amount is None:
        return Said.unknown(f"{deal.name} has no amount yet")
    strangers = {each.currency for each in owed if not each.stands.open_amount.is_zero} | {amount.currency}
    if strangers != {limit.currency}:
        others = ", ".join(sorted(strangers - {limit.currency}))
        return Said.unknown(f"the limit is {limit}, and there are amounts in {others}: nobody has said at which rate")
    mine = next((each.stands for each in owed if each.currency == limit.currency), None)
    nothing = Money.zero(limit.currency)
    open_amount, overdue = (mine.open_amount, mine.overdue) if mine else (nothing, nothing)
    late = () if overdue.is_zero else (f"{overdue} is overdue",)
    within = f"{open_amount} open and {amount} sold, of a limit of {limit}"
    return (Said.no if open_amount + amount > limit else Said.yes)(within, *late)


def price(deal: Opportunity, firm: Firm) -> Said:
    """Whether its lines add up, and what is priced by role has a rate on the day it begins."""
    if not deal.lines or deal.starts is None or deal.currency is None:
        return Said.unknown(f"{deal.name} has no lines, no start date or no currency yet")
    try:
        refuse_untrue_total(deal)
        rates = [_rate(line, deal, firm) for line in deal.lines if line.role]
        owner = approver(deal, firm)
    except Hold as wrong:
        return Said.no(wrong.why)
    agreed = (f"{owner} must agree to {worth(deal)}",) if owner else ()
    return Said.yes(*(rates or ["nothing of it is priced by a rate card"]), *agreed)


def template(deal: Opportunity, firm: Firm) -> Said:
    """Whether there is a plan to start such a project from."""
    if not (deal.service_line and deal.commercial_model and deal.legal_entity):
        return Said.unknown(f"{deal.name} has no service line, contract type or legal entity yet")
    try:
        row = template_for(deal, firm)
    except Hold as missing:
        return Said.no(missing.why)
    tasks = template_tasks(row.template, firm)
    if not tasks:
        return Said.no(f"template {row.template} has no tasks")
    return Said.yes(f"template {row.template}, {len(tasks)} tasks")


def provision(stops: Sequence[str], unwell: Sequence[str], assumed: Sequence[str], effects: int) -> Said:
    """Whether the deal would become a contract and a project if it were won now."""
    if unwell:
        return Said.unknown(*unwell)
    if stops:
        return Said.no(*stops)
    granted = (f"taken for granted: {each}" for each in assumed)
    return Said.yes(f"{effects} things would be written", *granted)


def _worth(deal: Opportunity) -> Money | None:
    return deal.amount if deal.amount is not None or not (deal.lines and deal.currency) else worth(deal)


def _rate(line: OpportunityLine, deal: Opportunity, firm: Firm) -> str:
    card = template_for(deal, firm).rate_card
    row = firm.table(RateRow).lookup(day=deal.starts, rate_card=card, role=line.role, currency=deal.currency)
    if row is None:
        raise Hold(
            f"rate card {card} has no rate in {deal.currency} for {line.role} on {deal.starts}",
            fix="Add a row to tables/rate_cards.csv.",
        )
    since = f" since {row.effective_from}" if row.effective_from else ""
    return f"{line.role}: {Money.of(row.hourly_rate, deal.currency or '')} an hour on {deal.starts}{since}"
