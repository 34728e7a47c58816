"""Fewer than a system counts were skipped; and the month is counted as far as it was read."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from throughline.core.reconciliation.census import Finding, finding, periods


@pytest.mark.parametrize(
    ("said", "held", "sums", "found"),
    [
        (3, 3, ("10", "10"), Finding.COMPLETE),
        (3, 2, ("10", "9"), Finding.SKIPPED),
        (2, 3, ("10", "10"), Finding.GONE),
        (3, 3, ("10", "9"), Finding.TOTAL),
    ],
)
def test_counts_are_compared_before_totals(said: int, held: int, sums: tuple[str, str], found: Finding) -> None:
    theirs, ours = ({"EUR": Decimal(each)} for each in sums)

    assert finding(said=said, held=held, said_totals=theirs, held_totals=ours) is found


def test_where_nobody_adds_up_the_count_decides() -> None:
    ours = {"EUR": Decimal(7)}

    assert finding(said=1, held=1, said_totals=None, held_totals=ours) is Finding.COMPLETE


def test_every_moment_up_to_the_last_read_is_counted_in_one_period() -> None:
    earlier, before, now = periods(datetime(2026, 1, 20, 12, 30, tzinfo=UTC))

    assert (earlier.name, earlier.until) == ("earlier", before.since)
    assert (before.name, before.since.isoformat(), before.until.isoformat()) == (
        "2025-12", "2025-12-01T00:00:00+00:00", "2026-01-01T00:00:00+00:00",
    )  # fmt: skip
    assert (now.name, now.until.isoformat()) == ("2026-01", "2026-01-20T12:30:00+00:00")


def test_at_the_first_instant_of_a_month_there_is_nothing_of_it_yet() -> None:
    assert [each.name for each in periods(datetime(2026, 3, 1, tzinfo=UTC))] == ["earlier", "2026-02"]
