"""What ended clocks come to, and when the rest drains."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from throughline.core.clocks.attainment import Attainment, drain, error_budget

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_the_share_that_was_met() -> None:
    assert Attainment(97, 3).percent == Decimal("97.0")


def test_nothing_ended_is_unknown_and_not_nought() -> None:
    assert Attainment(0, 0).percent is None


def test_the_budget_is_what_the_target_leaves() -> None:
    budget = error_budget(Attainment(99, 1), Decimal(98))

    assert budget is not None
    assert (budget.allowed, budget.left_percent) == (Decimal(2), Decimal("50.0"))


def test_a_budget_can_be_overdrawn() -> None:
    budget = error_budget(Attainment(90, 10), Decimal(95))

    assert budget is not None
    assert budget.left_percent == Decimal("-100.0")


def test_without_a_target_there_is_no_budget() -> None:
    assert error_budget(Attainment(9, 1), None) is None
    assert error_budget(Attainment(0, 0), Decimal(98)) is None


def test_a_target_of_everything_allows_nothing() -> None:
    missed, met = error_budget(Attainment(9, 1), Decimal(100)), error_budget(Attainment(9, 0), Decimal(100))

    assert missed is not None
    assert met is not None
    assert (missed.left_percent, met.left_percent) == (Decimal(-100), None)


def test_what_is_left_drains_at_the_rate_of_late() -> None:
    seen = drain(left=50, done=100, over=DAY, now=NOON)

    assert seen is not None
    assert seen.likely == NOON + DAY / 2
    assert seen.latest is not None
    assert seen.earliest < seen.likely < seen.latest


def test_few_that_came_through_promise_little() -> None:
    seen = drain(left=50, done=2, over=DAY, now=NOON)

    assert seen is not None
    assert seen.latest is None


def test_nothing_came_through_is_no_forecast() -> None:
    assert drain(left=5, done=0, over=DAY, now=NOON) is None


def test_nothing_left_is_through_now() -> None:
    seen = drain(left=0, done=0, over=DAY, now=NOON)

    assert seen is not None
    assert seen.latest == NOON
