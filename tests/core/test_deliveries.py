"""What an attempt means, and when the next one is."""

from datetime import UTC, datetime, timedelta

import pytest

from throughline.core.deliveries import OFF_AFTER, SCHEDULE, Judged, Outcome, judge

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def judged(status: int | None, why: str | None = None, *, step: int = 0, failing_since: datetime | None = None,
           active: bool = True) -> Judged:  # fmt: skip
    return judge(status, why, step=step, failing_since=failing_since, active=active, now=NOW)


def test_the_schedule_is_the_specifications() -> None:
    assert [each / timedelta(seconds=1) for each in SCHEDULE] == [
        0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600,
    ]  # fmt: skip


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_a_delivery(status: int) -> None:
    assert judged(status).outcome is Outcome.DELIVERED


@pytest.mark.parametrize("status", [100, 301, 302, 307, 400, 401, 404, 429, 500, 503, None])
def test_anything_else_is_tried_again_by_the_schedule(status: int | None) -> None:
    for step in range(len(SCHEDULE) - 1):
        each = judged(status, "lost" if status is None else None, step=step)

        assert (each.outcome, each.due_at) == (Outcome.AGAIN, NOW + SCHEDULE[step + 1])


def test_the_tenth_failure_is_the_last() -> None:
    last = judged(500, step=len(SCHEDULE) - 1, failing_since=NOW - timedelta(hours=1))

    assert last.outcome is Outcome.GIVEN_UP


def test_the_tenth_failure_is_not_the_last_of_a_subscriber_that_was_stopped_meanwhile() -> None:
    last = judged(500, step=len(SCHEDULE) - 1, active=False)

    assert (last.outcome, last.due_at) == (Outcome.AGAIN, NOW)


def test_a_redirect_is_a_failure_and_says_so() -> None:
    assert "redirect" in (judged(302).why or "")


def test_gone_switches_off_at_once() -> None:
    assert judged(410).outcome is Outcome.OFF


def test_whoever_fails_for_days_is_switched_off_before_anything_is_given_up() -> None:
    days = sum(SCHEDULE, timedelta())

    assert days > OFF_AFTER
    assert judged(500, step=9, failing_since=NOW - days).outcome is Outcome.OFF
    just = NOW - OFF_AFTER + timedelta(seconds=1)
    assert judged(500, step=8, failing_since=just).outcome is Outcome.AGAIN
