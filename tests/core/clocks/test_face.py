"""When a clock is due, near and standing still, by what a firm has agreed on."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from throughline.core.clocks.business_time import FOR_EVER
from throughline.core.clocks.face import Running, face
from throughline.core.firm import Firm, LegalEntity
from throughline.core.policies import BusinessHours, CutOff, Policies, Sla

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday
BERLIN = ZoneInfo("Europe/Berlin")


def place(code: str, timezone: str, holidays: str) -> LegalEntity:
    return LegalEntity(code=code, name=code, country=holidays[:2], currency="EUR", timezone=timezone, holidays=holidays)


def firm(**said: Any) -> Firm:
    cut_offs = (CutOff(name="billing", working_day=4, at=time(12)),)
    slas = {"project_open": Sla.model_validate(said)} if said else {}
    return Firm(
        name="F", reporting_currency="EUR",
        legal_entities=(place("DE", "Europe/Berlin", "DE"), place("US", "America/New_York", "US")),
        policies=Policies(hold_owners={"*": "x"}, slas=slas, cut_offs=cut_offs),
    )  # fmt: skip


def clock(legal_entity: str | None = "DE", **more: Any) -> Running:
    return Running("project_open", NOON, legal_entity, **more)


def after(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def test_nothing_agreed_on_is_never_due() -> None:
    seen = face(clock(), firm(), at=after(900))

    assert (seen.due, seen.is_met(after(900))) == (None, None)


def test_it_is_due_after_its_time_and_near_after_its_share() -> None:
    seen = face(clock(), firm(within="10h", near_percent=50), at=after(1))

    assert (seen.due, seen.near, seen.spent) == (after(10), after(5), timedelta(hours=1))


def test_to_the_moment_is_in_time() -> None:
    seen = face(clock(), firm(within="10h"), at=after(10))

    assert seen.is_met(after(10)) is True
    assert seen.is_met(after(10) + timedelta(microseconds=1)) is False


def test_a_business_clock_stops_over_the_weekend() -> None:
    seen = face(clock(), firm(within="8h", clock="business"), at=after(1))

    assert seen.due == datetime(2026, 11, 23, 13, tzinfo=BERLIN)


def test_where_the_books_are_not_known_the_strictest_place_counts() -> None:
    of_both = [face(clock(code), firm(within="8h", clock="business"), at=after(1)).due for code in ("DE", "US")]

    seen = face(clock(None), firm(within="8h", clock="business"), at=after(1))

    assert of_both[0] != of_both[1]
    assert seen.due == min(each for each in of_both if each)


def test_a_hold_stops_the_clock_where_that_was_agreed() -> None:
    held = ((after(1), FOR_EVER),)

    seen = face(clock(pauses=held), firm(within="4h", holds="pause"), at=after(9))

    assert (seen.paused, seen.due, seen.spent) == (True, None, timedelta(hours=1))


def test_elsewhere_a_hold_stops_nothing() -> None:
    seen = face(clock(pauses=((after(1), FOR_EVER),)), firm(within="4h"), at=after(9))

    assert (seen.paused, seen.due) == (False, after(4))


def test_after_its_hold_a_clock_goes_on_where_it_stood() -> None:
    seen = face(clock(pauses=((after(1), after(6)),)), firm(within="4h", holds="pause"), at=after(7))

    assert (seen.paused, seen.due, seen.spent) == (False, after(9), timedelta(hours=2))


def test_what_was_late_before_its_hold_is_late() -> None:
    seen = face(clock(pauses=((after(5), FOR_EVER),)), firm(within="4h", holds="pause"), at=after(9))

    assert (seen.paused, seen.due) == (False, after(4))


def test_a_cut_off_comes_at_its_hour_where_the_company_is() -> None:
    seen = face(clock(day=date(2026, 11, 1)), firm(by="billing"), at=after(1))

    assert seen.due == datetime(2026, 12, 4, 12, tzinfo=BERLIN)
    assert seen.near is not None
    assert NOON < seen.near < datetime(2026, 12, 4, 12, tzinfo=BERLIN)


def test_an_agreement_is_a_span_or_a_cut_off_and_never_both() -> None:
    for said in ({}, {"within": "4h", "by": "billing"}):
        with pytest.raises(ValidationError, match="either `within`"):
            Sla.model_validate(said)


def test_an_office_shuts_after_it_opens() -> None:
    with pytest.raises(ValidationError, match="shuts after it opens"):
        BusinessHours.model_validate({"opens": "17:00", "shuts": "09:00"})
