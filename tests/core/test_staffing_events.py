"""Who joined, left or moved, told once; what is heard of for the first time is no move."""

from datetime import date
from typing import Any

import pytest

from throughline.core.events import detect
from throughline.core.staffing_events import ResourceJoined, ResourceLeft, ResourceMoved

HERE = {"id": "r-1", "active": True, "starts": "2026-01-05", "legal_entity": "UK", "cost_centre": "Advisory UK"}
GONE = {**HERE, "active": False, "ends": "2026-11-30"}


@pytest.mark.parametrize("before", [None, {"id": "r-1"}, {**HERE, "active": False}])
def test_somebody_who_begins_to_work_for_us_joined(before: dict[str, Any] | None) -> None:
    assert detect("resource", before, HERE) == [ResourceJoined(resource="r-1", effective=date(2026, 1, 5))]


def test_somebody_who_stops_working_for_us_left_on_their_last_day() -> None:
    assert detect("resource", HERE, GONE) == [ResourceLeft(resource="r-1", effective=date(2026, 11, 30))]


@pytest.mark.parametrize("before", [None, {"id": "r-1"}, GONE])
def test_somebody_first_heard_of_when_gone_neither_joined_nor_left(before: dict[str, Any] | None) -> None:
    assert detect("resource", before, GONE) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("legal_entity", "DE"), ("cost_centre", "Analytics UK"), ("cost_centre", None)],
)
def test_somebody_in_another_place_moved_from_the_day_it_holds(field: str, value: str | None) -> None:
    after = {**HERE, field: value, "placed_from": "2026-12-01"}

    moved = detect("resource", HERE, after)

    assert moved == [ResourceMoved(resource="r-1", effective=date(2026, 12, 1), moved=(field,))]


def test_a_place_heard_of_for_the_first_time_is_no_move() -> None:
    assert detect("resource", HERE, {**HERE, "role": "Architect", "manager": "r-2"}) == []


def test_what_a_leaver_loses_is_no_move() -> None:
    assert [event.type for event in detect("resource", HERE, {**GONE, "cost_centre": None})] == ["ResourceLeft"]


def test_another_name_of_somebody_means_nothing() -> None:
    assert detect("resource", HERE, {**HERE, "name": "Other", "weekly_hours": "20"}) == []
