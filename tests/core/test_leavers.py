"""What a leaver leaves behind: which assignments, how much of each, and what that is worth."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.candidates import Candidate
from throughline.core.entities import Resource
from throughline.core.leavers import LeftOver, at_risk, left_over
from throughline.core.money import Money

FRIDAY = date(2026, 1, 9)
ANA = Resource.model_validate({"id": "resource-ana", "name": "Ana", "role": "Consultant"})


def assigned(**but: Any) -> Candidate:
    told = {"project": "project-1", "resource": "resource-ana", "role": "Architect", "hours": "80"}
    return Candidate("1", None, {**told, "starts": "2026-01-05", "ends": "2026-01-16", **but})


def left(**but: Any) -> LeftOver:
    (only,) = left_over([assigned(**but)], ANA, FRIDAY)
    return only


def test_of_an_assignment_under_way_the_working_days_to_come_are_left() -> None:
    assert left().hours == 40


def test_one_that_begins_later_is_left_whole() -> None:
    assert left(starts="2026-01-12").hours == 80


@pytest.mark.parametrize("missing", ["starts", "ends"])
def test_where_nobody_knows_how_long_it_takes_all_of_it_is_left(missing: str) -> None:
    assert left(**{missing: None}).hours == 80


def test_hours_nobody_planned_are_not_made_up() -> None:
    assert left(hours=None).hours is None


def test_an_assignment_without_a_role_is_worked_in_the_person_s() -> None:
    assert left(role=None).role == "Consultant"


@pytest.mark.parametrize("but", [{"ends": "2026-01-09"}, {"resource": "resource-bo"}])
def test_what_is_over_and_what_is_somebody_else_s_is_not_left(but: dict[str, str]) -> None:
    assert left_over([assigned(**but)], ANA, FRIDAY) == ()


def test_the_soonest_to_end_comes_first() -> None:
    found = [assigned(ends=None), assigned(ends="2026-03-01"), assigned(ends="2026-02-01")]

    assert [each.until for each in left_over(found, ANA, FRIDAY)] == [date(2026, 2, 1), date(2026, 3, 1), None]


@given(
    first=st.integers(-400, 400),
    days=st.integers(0, 400),
    hours=st.decimals(min_value=0, max_value=10_000, places=2),
)
def test_what_is_left_is_never_more_than_there_was(first: int, days: int, hours: Decimal) -> None:
    starts = FRIDAY + timedelta(days=first)
    span = {"starts": starts.isoformat(), "ends": (starts + timedelta(days=days)).isoformat()}

    for each in left_over([assigned(hours=str(hours), **span)], ANA, FRIDAY):
        assert each.hours is not None
        assert 0 <= each.hours <= hours


def test_amounts_of_one_currency_are_added_and_others_do_not_vanish_in_them() -> None:
    sums = [Money.of(amount, currency) for amount, currency in (("10", "EUR"), ("15", "GBP"), ("7", "EUR"))]

    assert at_risk([LeftOver("p", None, None, None, each) for each in sums]) == Money.of("17", "EUR")
    assert at_risk([LeftOver("p", None, None, None)]) is None
