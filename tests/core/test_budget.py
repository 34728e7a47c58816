"""What is granted stays within every limit, whoever asks and whenever."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.budget import Ask, Budget, day_began, grant, left, slowed
from throughline.core.firm import Limits
from throughline.core.priority import Priority

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

steps = st.lists(
    st.tuples(
        st.floats(min_value=0, max_value=3),
        st.sampled_from(["w-1", "w-2", "w-3"]),
        st.sampled_from(list(Priority)),
        st.integers(min_value=0, max_value=40),
    ),
    max_size=60,
)


@given(steps, st.integers(min_value=1, max_value=50), st.sampled_from([1, 3, 10]))
def test_no_span_of_a_window_is_granted_more_than_it_holds(
    asked: list[tuple[float, str, Priority, int]], most: int, seconds: int
) -> None:
    limits = Limits.model_validate({"windows": [{"calls": most, "seconds": seconds}]})
    budget, now, granted = Budget(), NOON, list[tuple[float, float, int]]()

    for pause, worker, priority, calls in asked:
        now += timedelta(seconds=pause)
        budget, given_ = grant(limits, Budget.read(budget.said()), Ask(worker, priority, calls, 0), now)
        granted.append((now.timestamp(), given_.until, given_.calls or 0))

    for start, _, _ in granted:  # whenever a grant is used, as early or as late as it may be
        assert sum(n for at, until, n in granted if until >= start and at < start + seconds) <= most


@given(steps, st.integers(min_value=1, max_value=12))
def test_places_are_never_given_twice(asked: list[tuple[float, str, Priority, int]], most: int) -> None:
    limits, budget, now = Limits(concurrency=most), Budget(), NOON
    busy: dict[str, int] = {}

    for pause, worker, priority, wanted in asked:
        now += timedelta(seconds=pause)
        ask = Ask(worker, priority, 0, wanted, busy=min(busy.get(worker, 0), wanted))
        budget, given_ = grant(limits, budget, ask, now)
        busy[worker] = given_.places or 0
        held = sum(each.places for each in budget.held.values() if each.until > now.timestamp())
        assert held <= most


def test_who_has_more_than_its_share_keeps_what_is_under_way_and_begins_nothing_more() -> None:
    limits, whole = Limits(concurrency=10), Ask("w-1", Priority.NORMAL, 0, 30, busy=10)
    budget, _ = grant(limits, Budget(), whole, NOON)
    budget, nothing = grant(limits, budget, Ask("w-2", Priority.NORMAL, 0, 30), NOON)

    budget, kept = grant(limits, budget, whole, NOON)
    held = budget.held["w-1"].places
    budget, fewer = grant(limits, budget, Ask("w-1", Priority.NORMAL, 0, 30, busy=7), NOON)
    _, given_ = grant(limits, budget, Ask("w-2", Priority.NORMAL, 0, 30), NOON)

    assert (nothing.places, kept.places, held, fewer.places, given_.places) == (0, 5, 10, 5, 3)


def test_calls_that_were_not_made_go_back_to_every_limit() -> None:
    limits = Limits.model_validate(
        {"per_second": 100, "burst": 100, "per_day": 60, "windows": [{"calls": 50, "seconds": 10}]}
    )
    budget, first = grant(limits, Budget(), Ask("w-1", Priority.URGENT, 40, 0), NOON)

    ask = Ask("w-1", Priority.URGENT, 0, 0, back=first.calls or 0, back_from=first.at)
    budget, _ = grant(limits, budget, ask, NOON + timedelta(milliseconds=100))

    assert left(limits, budget, NOON + timedelta(milliseconds=100)) == 50
    assert budget.used == 0


@pytest.mark.parametrize(
    ("begins", "zone", "now", "expected"),
    [
        ("00:00", "UTC", "2026-11-20T12:00:00+00:00", "2026-11-20T00:00:00+00:00"),
        ("08:00", "America/New_York", "2026-11-20T12:59:59+00:00", "2026-11-19T13:00:00+00:00"),
        ("08:00", "America/New_York", "2026-11-20T13:00:00+00:00", "2026-11-20T13:00:00+00:00"),
        ("00:00", "Europe/Berlin", "2026-10-25T12:00:00+00:00", "2026-10-24T22:00:00+00:00"),
        ("06:00", "Europe/Berlin", "2026-10-25T12:00:00+00:00", "2026-10-25T05:00:00+00:00"),
    ],
)
def test_a_day_begins_at_their_moment_where_they_are(begins: str, zone: str, now: str, expected: str) -> None:
    limits = Limits.model_validate({"per_day": 1, "day_begins": begins, "day_timezone": zone})

    assert day_began(limits, datetime.fromisoformat(now)) == datetime.fromisoformat(expected)


def test_nothing_is_granted_in_the_last_moment_of_a_day_that_would_be_used_on_the_next() -> None:
    limits, ask = Limits(per_day=100), Ask("w-1", Priority.URGENT, 10, 0)
    midnight = datetime(2026, 11, 21, tzinfo=UTC)

    _, before = grant(limits, Budget(), ask, midnight - timedelta(milliseconds=100))
    _, after = grant(limits, Budget(), ask, midnight)

    assert (before.calls, after.calls) == (0, 10)


def test_of_many_calls_on_their_way_together_only_the_first_refusal_slows_us_down() -> None:
    first = slowed(Limits(), Budget(), after=timedelta(seconds=2), sent=NOON, rate=10, now=NOON)

    second = slowed(Limits(), first, after=timedelta(seconds=2), sent=NOON, rate=10, now=NOON + timedelta(seconds=1))

    assert second.pace == first.pace == 8.5
    assert second.paused_until == first.paused_until + 1


def test_the_less_urgent_leave_something_for_the_others() -> None:
    limits = Limits.model_validate({"windows": [{"calls": 100, "seconds": 60}]})
    budget = Budget()

    got: list[int | None] = []
    for priority in (Priority.BULK, Priority.NORMAL, Priority.URGENT):
        budget, given_ = grant(limits, budget, Ask("w-1", priority, 1000, 0), NOON)
        got.append(given_.calls)

    assert got == [96, 2, 2]
