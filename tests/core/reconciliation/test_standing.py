"""A difference is a break when it lasts, and remembers that it was one."""

from datetime import UTC, datetime, timedelta

from throughline.core.reconciliation.standing import BreakState, Standing, seen

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def test_what_is_younger_than_its_clock_may_be_under_way() -> None:
    first = seen(None, now=NOON, within=HOUR)

    assert first == Standing(BreakState.WATCHED, NOON)
    assert seen(first, now=NOON + HOUR - MINUTE, within=HOUR) == first


def test_what_lasts_is_open_and_counts_from_when_it_was_first_seen() -> None:
    first = seen(None, now=NOON, within=HOUR)

    assert seen(first, now=NOON + HOUR, within=HOUR) == Standing(BreakState.OPEN, NOON, 1)


def test_what_comes_back_is_watched_again_and_then_regressed() -> None:
    closed = Standing(BreakState.CLOSED, NOON, 1)
    back = seen(closed, now=NOON + HOUR, within=HOUR)

    assert back == Standing(BreakState.WATCHED, NOON + HOUR, 1)
    assert seen(back, now=NOON + 2 * HOUR, within=HOUR) == Standing(BreakState.REGRESSED, NOON + HOUR, 2)


def test_what_is_open_stays_open_since_when_it_was() -> None:
    still = Standing(BreakState.OPEN, NOON, 1)

    assert seen(still, now=NOON + 9 * HOUR, within=HOUR) == still


def test_what_was_so_before_anybody_compared_is_never_opened() -> None:
    first = seen(None, now=NOON, within=HOUR, history=True)

    assert seen(first, now=NOON + 9 * HOUR, within=HOUR) == Standing(BreakState.HISTORY, NOON)
