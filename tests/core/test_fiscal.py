"""Each legal entity counts its months in its own way; the books of a month are open, or a policy decides."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.entities import FiscalPeriod, FiscalPeriodId, PeriodState
from throughline.core.errors import Hold
from throughline.core.firm import FiscalCalendar
from throughline.core.fiscal import Periods, fiscal_month


def period(month: int, state: PeriodState) -> FiscalPeriod:
    starts = date(2026, month, 1)
    ends = date(2026, month + 1, 1) - timedelta(days=1)
    return FiscalPeriod(
        id=FiscalPeriodId(f"DE-{month}"), name=f"2026-{month:02}", legal_entity="DE", starts=starts, ends=ends,
        state=state,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first_month", "day", "year", "number", "quarter"),
    [
        (1, date(2026, 11, 20), 2026, 11, 4),
        (4, date(2026, 3, 31), 2026, 12, 4),
        (4, date(2026, 4, 1), 2027, 1, 1),
        (7, date(2026, 12, 31), 2027, 6, 2),
    ],
)
def test_a_fiscal_year_is_named_after_the_year_it_ends_in(
    first_month: int, day: date, year: int, number: int, quarter: int
) -> None:
    found = fiscal_month(FiscalCalendar(first_month=first_month), day)

    assert (found.year, found.number, found.quarter) == (year, number, quarter)


@given(day=st.dates(date(1990, 1, 1), date(2090, 1, 1)), first_month=st.integers(1, 12))
def test_fiscal_months_follow_each_other_without_a_gap(day: date, first_month: int) -> None:
    calendar = FiscalCalendar(first_month=first_month)
    month = fiscal_month(calendar, day)
    following = fiscal_month(calendar, month.ends + timedelta(days=1))

    assert month.starts <= day <= month.ends
    assert following.starts == month.ends + timedelta(days=1)
    assert (following.year, following.number) == (
        (month.year + 1, 1) if month.number == 12 else (month.year, month.number + 1)
    )


def test_the_next_open_period_is_the_first_one_behind() -> None:
    states = {
        6: PeriodState.OPEN, 7: PeriodState.CLOSED, 8: PeriodState.CLOSED, 9: PeriodState.OPEN, 10: PeriodState.OPEN,
    }  # fmt: skip
    known = [period(month, state) for month, state in states.items()]

    assert Periods.of(reversed(known)).next_open(known[1]).name == "2026-09"


def test_without_an_open_period_behind_it_is_held() -> None:
    known = [period(7, PeriodState.CLOSED), period(8, PeriodState.FUTURE)]

    with pytest.raises(Hold, match="no open period behind 2026-07"):
        Periods.of(known).next_open(known[0])


def test_a_day_in_two_periods_is_in_none() -> None:
    twins = [period(7, PeriodState.OPEN), period(7, PeriodState.OPEN)]

    with pytest.raises(Hold, match="2026-07 and 2026-07 of DE; it must be in one"):
        Periods.of(twins).on(date(2026, 7, 3), legal_entity="DE")
