"""What one of our companies charges another for people lent: cost and mark-up, in both currencies, with the rate."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from throughline.core.billing.book import Book
from throughline.core.billing.checks import person_of, refuse_hours, refuse_unapproved
from throughline.core.billing.costs import currency_of, hourly_cost
from throughline.core.billing.outcome import Held
from throughline.core.billing.pricing import PERCENT
from throughline.core.billing.terms import Terms, terms_of_project
from throughline.core.entities import (
    BillingSource,
    FiscalPeriod,
    IntercompanyCharge,
    IntercompanyChargeId,
    ProjectId,
    Resource,
    TimeEntry,
)
from throughline.core.errors import Hold
from throughline.core.fiscal import Calendar
from throughline.core.fx import ROUNDING, Days, Exchange
from throughline.core.money import Money, summed, total
from throughline.core.rows import IntercompanyRow


@dataclass(frozen=True, slots=True)
class Lent:
    """One entry of somebody who works for another of our companies."""

    entry: TimeEntry
    provider: str
    terms: Terms
    period: FiscalPeriod
    cost: Money

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """Work of another month that is booked in this period is a charge of its own."""
        receiver, month = self.terms.contract.legal_entity, f"{self.entry.day:%Y-%m}"
        return self.provider, receiver, self.entry.project, month, self.period.name


@dataclass(frozen=True, slots=True)
class Charges:
    """One charge per pair of companies, project and period; and the lines that wait for somebody."""

    charges: tuple[IntercompanyCharge, ...]
    held: tuple[Held, ...]


def intercompany(entries: Iterable[TimeEntry], book: Book, *, billing_day: date) -> Charges:
    """Billable to the customer or not: who lends people is paid for them."""
    groups: dict[tuple[str, str, str, str, str], list[Lent]] = {}
    charges: list[IntercompanyCharge] = []
    held: list[Held] = []
    for entry in sorted(entries, key=lambda each: each.id):
        try:
            lent = _lent(entry, book)
        except Hold as hold:
            held.append(Held(entry.id, hold.why, hold.fix, hold.owner, hold.amount))
            continue
        if lent:
            groups.setdefault(lent.key, []).append(lent)
    for group in (groups[key] for key in sorted(groups)):
        try:
            charges.append(_charged(group, book, billing_day))
        except Hold as hold:
            held += [Held(each.entry.id, hold.why, hold.fix, hold.owner, each.cost) for each in group]
    return Charges(tuple(charges), tuple(held))


def _lent(entry: TimeEntry, book: Book) -> Lent | None:
    person = person_of(entry.resource, book)
    terms = terms_of_project(entry.project, book)
    if person.legal_entity is None:
        raise Hold(f"Nobody knows which of our companies employs {person.name}", fix="Enter it in HR, then release.")
    if person.legal_entity == terms.contract.legal_entity:
        return None
    refuse_unapproved(entry.approval)
    refuse_hours(entry.hours)
    cost = _hourly(entry, person, book) * entry.hours
    period = Calendar(book.firm, book.periods).booked(
        entry.day, legal_entity=person.legal_entity, source=BillingSource.TIME
    )
    return Lent(entry, person.legal_entity, terms, period, cost)


def charge_of(project: str, month: str) -> str:
    """How the ids of the charges begin that a month of work on a project makes."""
    return f"intercompany-{project}-{month}"


def _hourly(entry: TimeEntry, person: Resource, book: Book) -> Money:
    """In the currency the employer keeps its books in: what the PSA says in that, else what the firm's table says."""
    if entry.cost_rate and entry.cost_rate.currency == currency_of(person.legal_entity or "", book):
        return entry.cost_rate
    return hourly_cost(person, book, on=entry.day)


def _charged(group: list[Lent], book: Book, billing_day: date) -> IntercompanyCharge:
    first = group[0]
    provider, receiver, project, month, period = first.key
    rule, currency = markup_rule(provider, receiver, book), currency_of(provider, book)
    cost = total((each.cost for each in group), currency)
    rounding = first.terms.rule.rounding
    amount = (cost * ((100 + rule.markup_percent) * PERCENT)).rounded(ROUNDING[rounding])
    newest = max(each.entry.day for each in group)
    days = Days(work_day=newest, period_end=first.period.ends, billing_day=billing_day)
    exchange, theirs = Exchange(book.firm, book.fx, provider), currency_of(receiver, book)
    converted = exchange.convert(amount, theirs, purpose="intercompany", days=days, rounding=rounding)
    return IntercompanyCharge(
        id=IntercompanyChargeId(f"{charge_of(project, month)}-{provider}-{receiver}-in-{period}"),
        provider=provider,
        receiver=receiver,
        project=ProjectId(project),
        period=period,
        hours=summed((each.entry.hours, 1) for each in group),
        amount=amount,
        markup_percent=rule.markup_percent,
        receiver_amount=converted.target,
        fx_rate=converted.rate,
        fx_day=converted.day,
        tax_code=rule.tax_code,
    )


def markup_rule(provider: str, receiver: str, book: Book) -> IntercompanyRow:
    row = book.firm.table(IntercompanyRow).lookup(provider=provider, receiver=receiver)
    if row is None:
        raise Hold(
            f"No rule says what {provider} charges {receiver}",
            fix=f"Add a row for {provider}, {receiver} to tables/intercompany_rules.csv; release.",
        )
    return row
