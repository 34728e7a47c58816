"""What stands in a record, read strictly or not at all."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.records import Unreadable, bury, day, decimal, dig, listed, moment, money, whole

STEPS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4)


@given(STEPS, st.integers())
def test_what_was_buried_is_dug_up_again(steps: list[str], value: int) -> None:
    record: dict[str, Any] = {}

    bury(record, ".".join(steps), value)

    assert dig(record, ".".join(steps)) == (True, value)


def test_burying_leaves_its_neighbours_alone() -> None:
    record: dict[str, Any] = {"a": {"b": 1}}

    bury(record, "a.c", 2)

    assert record == {"a": {"b": 1, "c": 2}}


@pytest.mark.parametrize("path", ["x", "a.x", "a.b.x", "a.list.x"])
def test_a_step_that_is_not_there_is_not_found(path: str) -> None:
    assert dig({"a": {"b": 1, "list": [{"x": 1}]}}, path) == (False, None)


def test_null_is_found_and_is_null() -> None:
    assert dig({"a": None}, "a") == (True, None)


@pytest.mark.parametrize(
    ("value", "read"), [(0.1, "0.1"), ("12.50", "12.50"), (7, "7"), (Decimal("1.10"), "1.10"), ("-3", "-3")]
)
def test_a_number_is_exactly_what_was_written(value: object, read: str) -> None:
    assert str(decimal(value)) == read


@pytest.mark.parametrize(
    "value",
    [
        True,
        "",
        " 1",
        "1_000",
        "1,000.00",
        "one",
        "\uff11\uff12",
        float("nan"),
        "NaN",
        "Infinity",
        None,
        [],
        {},
        "1e500",
        10**19,
    ],
)
def test_what_is_no_number_to_everybody_is_no_number(value: object) -> None:
    with pytest.raises(Unreadable, match="not a number"):
        decimal(value)


@pytest.mark.parametrize("value", [5, "5", Decimal("5.0"), 5.0])
def test_a_whole_number_may_be_written_in_any_way(value: object) -> None:
    assert whole(value) == 5


def test_half_a_number_is_not_whole() -> None:
    with pytest.raises(Unreadable, match="not a whole number"):
        whole("5.5")


@pytest.mark.parametrize(
    "value", ["2026-01-31", "2026-01-31T23:30:00-08:00", "2026-01-31T12:00:00.000+0000", "2026-01-31 09:00:00"]
)
def test_a_day_is_the_one_that_is_written(value: str) -> None:
    assert day(value) == "2026-01-31"


@pytest.mark.parametrize(
    "value",
    [
        20260131,
        "20260131",
        "2026-W05-6",
        "2026-W05-6T10:00",
        "2026-01-311",
        "2026-01-31x",
        "31/01/2026",
        "2026-02-30",
        None,
    ],
)
def test_nothing_that_merely_begins_like_a_day_is_one(value: object) -> None:
    with pytest.raises(Unreadable, match="not a date"):
        day(value)


@pytest.mark.parametrize("value", ["2026-01-31", "20260131T120000Z", "soon", 5, None])
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(Unreadable, match="not a moment"):
        moment(value)


def test_a_moment_without_an_offset_could_be_any_of_26() -> None:
    with pytest.raises(Unreadable, match="without an offset"):
        moment("2026-01-31T12:00:00")


def test_a_currency_nobody_uses_is_refused() -> None:
    with pytest.raises(Unreadable, match="'EURO', which is not a currency"):
        money(Decimal(5), "EURO")


@pytest.mark.parametrize("value", ["abc", {"a": 1}, 7, None])
def test_a_list_is_a_list(value: object) -> None:
    with pytest.raises(Unreadable, match="where a list belongs"):
        listed(value)
