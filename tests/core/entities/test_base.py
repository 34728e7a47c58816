"""Days, instants, flags and ids: read strictly, or refused."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from throughline.core.entities.base import Count, Day, Flag, Instant, Value

NINE = "2026-03-31T09:00:00Z"


class Kept(Value, frozen=True):
    day: Day | None = None
    at: Instant | None = None
    flag: Flag | None = None
    count: Count | None = None


def test_a_day_is_a_date_or_its_text() -> None:
    assert Kept(day=date(2026, 3, 31)) == Kept.model_validate({"day": "2026-03-31"})


@pytest.mark.parametrize(
    "day",
    [0, 20260331, "20260331", "2026-3-31", "2026-02-30", "31.03.2026", "", NINE, datetime(2026, 3, 31, tzinfo=UTC)],
)
def test_anything_else_is_no_day(day: Any) -> None:
    with pytest.raises(ValidationError):
        Kept.model_validate({"day": day})


def test_an_instant_is_kept_in_utc_however_it_was_written() -> None:
    east = datetime(2026, 3, 31, 11, tzinfo=timezone(timedelta(hours=2)))

    kept = Kept(at=east)

    assert kept == Kept.model_validate({"at": NINE})
    assert kept.model_dump(mode="json")["at"] == NINE


@pytest.mark.parametrize("at", [0, 1774947600, "1774947600", "2026-03-31", "2026-03-31T09:00:00", "soon"])
def test_an_instant_without_a_zone_or_without_a_time_is_refused(at: Any) -> None:
    with pytest.raises(ValidationError):
        Kept.model_validate({"at": at})


def test_an_instant_outside_the_calendar_is_refused_and_not_a_defect() -> None:
    with pytest.raises(ValidationError, match="outside the years"):
        Kept(at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))))


@pytest.mark.parametrize("flag", ["yes", "true", 1, 0, "on", ""])
def test_a_flag_is_true_or_false_and_never_a_guess(flag: Any) -> None:
    with pytest.raises(ValidationError, match="valid boolean"):
        Kept.model_validate({"flag": flag})


@pytest.mark.parametrize("count", ["3", 3.0, True])
def test_a_count_is_an_integer(count: Any) -> None:
    with pytest.raises(ValidationError, match="valid integer"):
        Kept.model_validate({"count": count})
