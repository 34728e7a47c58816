"""A month is compared when nobody can still bill for it."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from throughline.core.reconciliation.periods import is_over, last_day
from throughline.demo import FIRM
from throughline.hub.firm import load


@pytest.mark.parametrize(
    ("period", "ends"),
    [("2026-02", date(2026, 2, 28)), ("Dec 2026", date(2026, 12, 31)), ("2026-13", None), ("Q4 2026", None)],
)
def test_a_month_is_read_as_we_write_it_or_as_ledgers_call_it(period: str, ends: date | None) -> None:
    assert last_day(period) == ends


def test_a_month_is_over_when_its_billing_cut_off_has_passed() -> None:
    firm = load(Path(FIRM))
    cut_off = datetime(2026, 12, 7, 11, tzinfo=UTC)  # the fifth working day, at noon in Frankfurt

    assert not is_over("2026-11", firm=firm, legal_entity="DE", now=cut_off.replace(hour=10))
    assert is_over("2026-11", firm=firm, legal_entity="DE", now=cut_off)


def test_a_period_nobody_can_read_is_never_over() -> None:
    assert not is_over("Q4 2026", firm=load(Path(FIRM)), legal_entity="DE", now=datetime(2030, 1, 1, tzinfo=UTC))
