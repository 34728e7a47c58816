"""When the books stop taking entries, and whether a run will be through by then."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.cut_offs import Outlook, Progress, cut_off_at, earliest, forecast
from throughline.core.firm import Firm, LegalEntity
from throughline.core.policies import CutOff, Policies

NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def germany(firm: Firm) -> LegalEntity:
    found = firm.legal_entity("DE")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("working_day", "ends", "day"),
    [
        (2, date(2026, 11, 30), date(2026, 12, 2)),
        (1, date(2026, 10, 30), date(2026, 11, 2)),  # a Friday: Monday is the first working day behind it
        (4, date(2026, 12, 31), date(2027, 1, 7)),  # New Year is no working day
        (0, date(2026, 11, 30), date(2026, 11, 30)),
        (0, date(2026, 10, 31), date(2026, 10, 30)),  # a Saturday: the last working day of the month
        (-1, date(2026, 11, 30), date(2026, 11, 27)),
    ],
)
def test_a_cut_off_falls_on_the_n_th_working_day(germany: LegalEntity, working_day: int, ends: date, day: date) -> None:
    rule = CutOff(name="billing", working_day=working_day, at=time(18))

    found = cut_off_at(rule, ends, germany, holidays={date(2027, 1, 1)})

    assert (found.date(), found.astimezone(UTC).hour) == (day, 17)


@pytest.fixture
def with_cut_offs(firm: Firm) -> Firm:
    rules = [
        {"name": "billing", "working_day": 4, "at": "12:00"},
        {"name": "billing", "legal_entity": "DE", "working_day": 2, "at": "12:00"},
        {"name": "payroll", "legal_entity": "DE", "working_day": 0, "at": "12:00"},
    ]
    policies = Policies.model_validate({"hold_owners": {"*": "Operations"}, "cut_offs": rules})
    return firm.model_copy(update={"policies": policies})


@pytest.mark.parametrize(
    ("name", "day", "whose", "utc"),
    [
        ("billing", date(2026, 11, 1), {"DE"}, (2, 11)),
        ("billing", date(2026, 11, 30), {"US"}, (4, 17)),
        ("billing", date(2026, 11, 30), {"US", "DE"}, (2, 11)),
        ("billing", date(2026, 11, 30), set[str](), (2, 11)),
        ("payroll", date(2026, 12, 1), {"DE"}, (31, 11)),
    ],
)
def test_work_of_a_day_has_until_the_earliest_cut_off_it_may_be_for(
    with_cut_offs: Firm, name: str, day: date, whose: set[str], utc: tuple[int, int]
) -> None:
    found = earliest(with_cut_offs, name, day, whose)

    assert found is not None
    assert (found.month, found.day, found.astimezone(UTC).hour) == (12, *utc)


def test_a_holiday_where_the_legal_entity_is_moves_its_cut_off(with_cut_offs: Firm) -> None:
    # New Year is a Friday in 2027, and so the second working day is the Tuesday after it.
    found = earliest(with_cut_offs, "billing", date(2026, 12, 31), {"DE"})

    assert found is not None
    assert found.date() == date(2027, 1, 5)


def test_work_for_a_cut_off_nobody_has_set_has_none(with_cut_offs: Firm) -> None:
    assert earliest(with_cut_offs, "payroll", date(2026, 11, 1), {"US"}) is None


@pytest.mark.parametrize(
    ("done", "minutes_left", "outlook"),
    [
        (1000, 0, Outlook.DONE),
        (500, 10, Outlook.MET),
        (500, 9, Outlook.MISSED),
        (0, 600, Outlook.UNKNOWN),
        (0, -1, Outlook.MISSED),
    ],
)
def test_the_forecast_goes_by_the_current_drain_rate(done: int, minutes_left: int, outlook: Outlook) -> None:
    samples = [Progress(NOON - 10 * MINUTE, 0), Progress(NOON, done)]

    found = forecast(cut_off=NOON + minutes_left * MINUTE, whole=1000, samples=samples, now=NOON)

    assert (found.outlook, found.left) == (outlook, 1000 - done)


def test_a_forecast_says_when_and_how_much_time_is_to_spare() -> None:
    samples = [Progress(NOON - 10 * MINUTE, 100), Progress(NOON, 600)]

    found = forecast(cut_off=NOON + 20 * MINUTE, whole=1000, samples=samples, now=NOON + MINUTE)

    assert (found.through_at, found.spare) == (NOON + 8 * MINUTE, 12 * MINUTE)


@given(whole=st.integers(1, 10**7), done=st.integers(0, 10**7), took=st.integers(1, 10**5), spare=st.integers(0, 10**5))
def test_more_time_never_turns_a_run_that_is_through_in_time_into_a_late_one(
    whole: int, done: int, took: int, spare: int
) -> None:
    samples = [Progress(NOON - timedelta(seconds=took), 0), Progress(NOON, done)]
    sooner, later = (
        forecast(cut_off=NOON + timedelta(seconds=seconds), whole=whole, samples=samples, now=NOON)
        for seconds in (spare, 2 * spare)
    )

    assert later.outlook in {Outlook.MET, sooner.outlook}
    assert (sooner.spare is None) == (sooner.through_at is None)
