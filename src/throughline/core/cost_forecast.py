"""What a project will still cost: the hours people are put on it for, at what an hour of each costs whoever pays."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from throughline.core.billing.book import Book
from throughline.core.billing.costs import currency_of, hourly_cost
from throughline.core.billing.intercompany import markup_rule
from throughline.core.entities import Assignment, Contract, CostForecast, CostForecastId, Project, Resource
from throughline.core.errors import Hold
from throughline.core.fx import Days, Exchange
from throughline.core.money import Money, summed, total

HUNDREDTH = Decimal("0.01")


def forecast(project: Project, contract: Contract, crew: Iterable[Assignment], book: Book, *, on: date) -> CostForecast:
    """In the currency of the contract's company, from a day on; whoever it borrows costs it the mark-up as well."""
    currency = currency_of(contract.legal_entity, book)
    ahead = [(each, hours) for each in crew if (hours := hours_left(each, on=on))]
    costs = [_cost(book.resources.get(each.resource), hours, contract, book, on) for each, hours in ahead]
    return CostForecast(
        id=CostForecastId(f"cost-forecast-of-{project.id}"),
        project=project.id,
        contract=contract.id,
        as_of=on,
        cost_to_complete=total(costs, currency).rounded(),
        hours_to_complete=summed((hours, 1) for _, hours in ahead),
    )


def hours_left(each: Assignment, *, on: date) -> Decimal:
    """Of the hours somebody is put on it for, those of the days from now on; spread evenly, as they are planned."""
    hours, starts, ends = each.hours or Decimal(0), each.starts, each.ends
    if starts is None or ends is None or starts >= on:
        return hours
    days, left = (ends - starts).days + 1, max((ends - on).days + 1, 0)
    return (hours * left / days).quantize(HUNDREDTH)


def _cost(person: Resource | None, hours: Decimal, contract: Contract, book: Book, on: date) -> Money:
    if person is None or person.legal_entity is None:
        who = person.name if person else "somebody"
        raise Hold(f"Nobody knows which of our companies employs {who}", fix="Enter it in HR, then release.")
    cost = hourly_cost(person, book, on=on) * hours
    if person.legal_entity == contract.legal_entity:
        return cost
    rule = markup_rule(person.legal_entity, contract.legal_entity, book)
    charged = cost * ((100 + rule.markup_percent) * HUNDREDTH)
    days = Days(work_day=on, period_end=on, billing_day=on)
    exchange = Exchange(book.firm, book.fx, person.legal_entity)
    to = currency_of(contract.legal_entity, book)
    return exchange.convert(charged, to, purpose="intercompany", days=days, rounding="half_up").target
