"""What the judgement of a line depends on, worked out once per project and task, person, day and price.

Everything here is made by the same functions that judge a single entry, and remembered. Where they hold, the answer is
None: such a line goes the plain way, and gets its reason there.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from throughline.core.billing.book import Book
from throughline.core.billing.checks import person_of, refuse_hours, task_of
from throughline.core.billing.headings import Amount, Heading
from throughline.core.billing.pricing import Work, charge, hourly, known_as
from throughline.core.billing.remembered import Remembered
from throughline.core.billing.terms import Terms, coding, terms_of_project
from throughline.core.billing.time import why_not_charged
from throughline.core.entities import BillingSource, Resource
from throughline.core.errors import Hold
from throughline.core.fiscal import Calendar
from throughline.core.money import Money, exact, plain
from throughline.core.rows import BillingRuleRow, RateRow, WriteDownRow

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EARLIEST, _LATEST = "", "~"  # around every day, as text
# Who writes minutes has some hundreds of different hours.
MOST_AMOUNTS = 2_000

type Priced = tuple[str, int, int, bool]
"""What a price differs by on one tariff: the role, whose it is, the era, and whether it is overtime."""
type Booked = tuple[str, int]
"""The period a day is booked in, and the era its prices are of: the days from one change of a rate to the next."""


@dataclass(eq=False, slots=True)
class Price:
    """An hour's rate, what the hours met so far come to at it, and the lines of invoices it stands on."""

    rate: Money
    amounts: Remembered[str, Amount | None]
    headings: dict[tuple[str, ...], Heading] = field(default_factory=dict[tuple[str, ...], Heading])


@dataclass(eq=False, slots=True)
class Crew:
    """When somebody may work on a task, as what; and with whom they share their prices."""

    group: int
    spans: tuple[tuple[str, str, str], ...]

    def role_on(self, day: str) -> str | None:
        """The role of the assignment that covers the day, empty when it has none; None when none covers it."""
        for starts, ends, role in self.spans:
            if starts <= day <= ends:
                return role
        return None


@dataclass(eq=False, slots=True)
class Place:
    """A project and task that time is booked on, with everything that is the same for all lines there."""

    terms: Terms
    why_not: str | None
    starts: str
    ends: str
    scope: str
    by: frozenset[str]
    periods: Remembered[str, Booked | None]
    crews: Remembered[str, Crew | None]
    prices: Remembered[Priced, Price | None]


class Lookups:
    """Remembers, for one book."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.places = Remembered(self._place)
        self.worked = Remembered(_worked, most=MOST_AMOUNTS)
        self._periods = Remembered(self._periods_of)
        self._tariffs: dict[tuple[object, ...], Remembered[Priced, Price | None]] = {}
        self._groups: dict[tuple[str | None, str | None], int] = {}
        self._people: list[Resource] = []
        rates, downs = book.firm.table(RateRow).rows, book.firm.table(WriteDownRow).rows
        self._eras = sorted({row.since for row in (*rates, *downs) if row.since})
        self._persons = {row.person for row in (*rates, *downs)} - {None}
        self._regions = {row.region for row in rates} - {None}
        self._downs_by_contract = any(row.contract for row in downs)
        self._downs_by_project = any(row.project for row in downs)

    def _place(self, where: tuple[str, str | None]) -> Place | None:
        project, task = where
        try:
            terms = terms_of_project(project, self._book)
            ledger = coding(terms, BillingSource.TIME, self._book.firm)
            found = task_of(task, project, self._book)
        except Hold:
            return None
        by = frozenset(terms.rule.combine_by.split())
        of_project = project if "project" in by else None
        return Place(
            terms=terms,
            why_not=why_not_charged(billable=True, task=found, terms=terms),
            starts=_text(max(_days(terms, "starts"), default=None), _EARLIEST),
            ends=_text(min(_days(terms, "ends"), default=None), _LATEST),
            scope=json.dumps([terms.contract.id, of_project, terms.tax_code, ledger.model_dump(mode="json")]),
            by=by - {"project", "role"},
            periods=self._periods[terms.contract.legal_entity],
            crews=Remembered(lambda resource: self._crew(project, task, resource)),
            prices=self._tariff(terms),
        )

    def _periods_of(self, legal_entity: str) -> Remembered[str, Booked | None]:
        return Remembered(lambda day: self._booked(day, legal_entity))

    def _booked(self, day: str, legal_entity: str) -> Booked | None:
        """None when it is no day, or its period is held."""
        calendar = Calendar(self._book.firm, self._book.periods)
        try:
            when = date.fromisoformat(day) if _ISO_DAY.fullmatch(day) else None
            period = when and calendar.booked(when, legal_entity=legal_entity, source=BillingSource.TIME)
        except (ValueError, Hold):
            return None
        return (period.name, bisect_right(self._eras, when)) if when and period else None

    def _crew(self, project: str, task: str | None, resource: str) -> Crew | None:
        try:
            person = person_of(resource, self._book)
        except Hold:
            return None
        known = self._book.assignments.get((project, person.id), ())
        spans = tuple(
            (_text(each.starts, _EARLIEST), _text(each.ends, _LATEST), each.role or person.role or "")
            for each in known
            if each.task in {None, task}
        )
        return Crew(self._group(person), spans)

    def _group(self, person: Resource) -> int:
        """People no row names one by one, and of regions no row names, have the same prices."""
        name, region = known_as(person), person.region
        key = (name if name in self._persons else None, region if region in self._regions else None)
        if key not in self._groups:
            self._groups[key] = len(self._people)
            self._people.append(person)
        return self._groups[key]

    def _tariff(self, terms: Terms) -> Remembered[Priced, Price | None]:
        """Prices are shared by all projects on the same card under the same rules."""
        rule, project = terms.rule, terms.project
        key = (
            project.rate_card if project else None,
            terms.contract.currency,
            (rule.overtime_percent, rule.round_at, rule.rounding),
            terms.contract.id if self._downs_by_contract else None,
            (project.code or project.id) if project and self._downs_by_project else None,
        )
        return self._tariffs.setdefault(key, Remembered(lambda priced: self._price(priced, terms)))

    def _price(self, priced: Priced, terms: Terms) -> Price | None:
        role, group, era, overtime = priced
        person, day = self._people[group], self._eras[era - 1] if era else date.min
        try:
            rate = hourly(Work(role, known_as(person), person.region, day, overtime), terms, self._book.firm)
        except Hold:
            return None
        return Price(rate, Remembered(lambda hours: _amount(hours, rate, terms.rule), most=MOST_AMOUNTS))


def _worked(hours: str) -> bool:
    """Whether the plain way would take these hours."""
    try:
        refuse_hours(exact(hours))
    except (ValueError, Hold):
        return False
    return True


def _amount(hours: str, rate: Money, rule: BillingRuleRow) -> Amount | None:
    if not _worked(hours):
        return None
    quantity = exact(hours)
    return plain(quantity), plain(charge(quantity, rate, rule).amount)


def _days(terms: Terms, end: str) -> Iterable[date]:
    days = [getattr(each, end) for each in (terms.contract, terms.project) if each]
    return [day for day in days if day]


def _text(day: date | None, unset: str) -> str:
    return day.isoformat() if day else unset
