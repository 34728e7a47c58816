"""The calendar of the books: which period a day belongs to, and what becomes of work that is approved too late."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from throughline.core.entities.billing import BillingSource
from throughline.core.entities.finance import FiscalPeriod, PeriodState
from throughline.core.errors import Hold
from throughline.core.firm import Firm, FiscalCalendar
from throughline.core.rows import LateApprovalRow

MONTHS = 12


class Reopen(Hold):
    """A closed period must be opened again, or the work goes nowhere; its owner decides."""

    def __init__(self, period: FiscalPeriod, day: date) -> None:
        self.period = period
        super().__init__(
            f"{day} is in {period.name}, which {period.legal_entity} has closed",
            fix=f"Reopen {period.name} of {period.legal_entity} in the ledger; the line goes on by itself.",
        )


@dataclass(frozen=True, slots=True)
class FiscalMonth:
    """A month as the books count it. A year is named after the calendar year it ends in."""

    year: int
    number: int
    starts: date
    ends: date

    @property
    def quarter(self) -> int:
        return (self.number - 1) // 3 + 1


def fiscal_month(calendar: FiscalCalendar, day: date) -> FiscalMonth:
    """Where a day stands in the fiscal year of a legal entity."""
    number = (day.month - calendar.first_month) % MONTHS + 1
    ends_next_year = calendar.first_month > 1 and day.month >= calendar.first_month
    starts = day.replace(day=1)
    following = date(starts.year + starts.month // MONTHS, starts.month % MONTHS + 1, 1)
    return FiscalMonth(day.year + ends_next_year, number, starts, following - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Periods:
    """The fiscal periods of every legal entity, in order of time."""

    of_entity: Mapping[str, tuple[FiscalPeriod, ...]]

    @classmethod
    def of(cls, periods: Iterable[FiscalPeriod]) -> Self:
        found: dict[str, list[FiscalPeriod]] = {}
        for each in sorted(periods, key=lambda period: (period.starts, period.id)):
            found.setdefault(each.legal_entity, []).append(each)
        return cls({entity: tuple(each) for entity, each in found.items()})

    def on(self, day: date, *, legal_entity: str) -> FiscalPeriod:
        """The one period this day is in."""
        known = self.of_entity.get(legal_entity, ())
        fitting = [period for period in known if period.starts <= day <= period.ends]
        if len(fitting) != 1:
            names = " and ".join(period.name for period in fitting) or "no fiscal period"
            raise Hold(
                f"{day} is in {names} of {legal_entity}; it must be in one",
                fix=f"Correct the fiscal periods of {legal_entity} in the ledger, then release.",
            )
        return fitting[0]

    def next_open(self, after: FiscalPeriod) -> FiscalPeriod:
        """The first open one behind a closed one."""
        known = self.of_entity.get(after.legal_entity, ())
        behind = known[bisect_right(known, after.starts, key=lambda period: period.starts) :]
        found = next((period for period in behind if period.state is PeriodState.OPEN), None)
        if found is None:
            raise Hold(
                f"{after.legal_entity} has no open period behind {after.name}",
                fix=f"Open the next period of {after.legal_entity} in the ledger, then release.",
            )
        return found


@dataclass(frozen=True, slots=True)
class Calendar:
    """The periods there are, and the firm that says what to do when one is closed."""

    firm: Firm
    periods: Periods

    def booked(self, day: date, *, legal_entity: str, source: BillingSource) -> FiscalPeriod:
        """The period work of that day lands in: its own while that is open, then what the firm's policy says."""
        own = self.periods.on(day, legal_entity=legal_entity)
        match own.state:
            case PeriodState.OPEN:
                return own
            case PeriodState.FUTURE:
                raise Hold(
                    f"{day} is in {own.name}, which {legal_entity} has not opened yet",
                    fix=f"Correct the day, or open {own.name} of {legal_entity} in the ledger; then release.",
                )
            case PeriodState.CLOSING | PeriodState.CLOSED:
                return self._late(own, day, source)

    def _late(self, own: FiscalPeriod, day: date, source: BillingSource) -> FiscalPeriod:
        row = self.firm.table(LateApprovalRow).lookup(legal_entity=own.legal_entity, source=source)
        if row is None:
            raise Hold(
                f"{day} is in {own.name}, which is {own.state.value}, and no rule is there for late {source.value}",
                fix=f"Add a row for {own.legal_entity}, {source.value} to tables/late_approvals.csv; release.",
            )
        match row.late:
            case "next_period":
                return self.periods.next_open(own)
            case "reopen":
                raise Reopen(own, day)
            case "hold":
                raise Hold(
                    f"{day} is in {own.name}, which {own.legal_entity} has closed; late {source.value} is held there",
                    fix=f"Decide: enter it again on a day of an open period, or reopen {own.name}; then release.",
                )
