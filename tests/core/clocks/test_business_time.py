"""What of a span counts: offices that shut at night and on holidays, and holds that stop a clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from throughline.core.clocks.business_time import FOR_EVER, Office, always, reached, spent, without

BERLIN = ZoneInfo("Europe/Berlin")
HOLIDAY = date(2026, 11, 25)
OFFICE = Office(time(9), time(17), BERLIN, lambda day: day == HOLIDAY)
FRIDAY_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)  # one in the afternoon in Berlin


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_a_clock_that_never_stops_counts_every_minute() -> None:
    assert reached(always(FRIDAY_NOON), hours(70)) == FRIDAY_NOON + hours(70)


def test_the_rest_of_a_friday_goes_on_on_monday() -> None:
    due = reached(OFFICE.stretches(FRIDAY_NOON), hours(6))

    assert due == datetime(2026, 11, 23, 11, tzinfo=BERLIN), "four hours on Friday, two on Monday"


def test_a_holiday_is_left_out() -> None:
    tuesday = datetime(2026, 11, 24, 16, tzinfo=BERLIN)

    assert reached(OFFICE.stretches(tuesday), hours(2)) == datetime(2026, 11, 26, 10, tzinfo=BERLIN)


def test_what_begins_at_night_counts_from_the_morning() -> None:
    night = datetime(2026, 11, 19, 22, tzinfo=BERLIN)

    assert reached(OFFICE.stretches(night), hours(1)) == datetime(2026, 11, 20, 10, tzinfo=BERLIN)


def test_the_hours_of_a_day_are_those_of_the_place_when_clocks_change() -> None:
    before = datetime(2026, 3, 27, 16, tzinfo=BERLIN)  # on the Sunday after it, summer time begins

    due = reached(OFFICE.stretches(before), hours(2))

    assert due == datetime(2026, 3, 30, 10, tzinfo=BERLIN)
    assert due == datetime(2026, 3, 30, 8, tzinfo=UTC)


def test_a_pause_moves_the_end_by_what_it_takes_out() -> None:
    pause = (FRIDAY_NOON + hours(1), FRIDAY_NOON + hours(3))

    assert reached(without(always(FRIDAY_NOON), [pause]), hours(4)) == FRIDAY_NOON + hours(6)


def test_pauses_that_overlap_count_once() -> None:
    pauses = [(FRIDAY_NOON + hours(a), FRIDAY_NOON + hours(b)) for a, b in ((1, 3), (2, 4), (2.5, 3))]

    assert reached(without(always(FRIDAY_NOON), pauses), hours(2)) == FRIDAY_NOON + hours(5)


def test_a_pause_at_night_takes_out_nothing_of_an_office_s_day() -> None:
    night = (datetime(2026, 11, 20, 17, tzinfo=BERLIN), datetime(2026, 11, 23, 9, tzinfo=BERLIN))

    paused = reached(without(OFFICE.stretches(FRIDAY_NOON), [night]), hours(6))

    assert paused == reached(OFFICE.stretches(FRIDAY_NOON), hours(6))


def test_a_pause_without_an_end_is_never_over() -> None:
    pause = (FRIDAY_NOON + hours(1), FOR_EVER)

    assert reached(without(always(FRIDAY_NOON), [pause]), hours(4)) is None
    assert spent(without(always(FRIDAY_NOON), [pause]), FRIDAY_NOON + hours(9)) == hours(1)


def test_a_place_that_never_works_ends_nothing() -> None:
    closed = Office(time(9), time(17), BERLIN, lambda _day: True)

    assert reached(closed.stretches(FRIDAY_NOON), hours(1)) is None


def test_what_is_spent_is_what_lies_before_the_moment() -> None:
    monday_noon = datetime(2026, 11, 23, 12, tzinfo=BERLIN)

    assert spent(OFFICE.stretches(FRIDAY_NOON), monday_noon) == hours(7)
