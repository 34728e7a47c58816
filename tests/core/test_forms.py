"""Every form reads what it writes, and never guesses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.errors import Hold
from throughline.core.forms import (
    SAME,
    Amount,
    Choice,
    CurrencyOf,
    Day,
    Fixed,
    Flag,
    Form,
    Instant,
    Lookup,
    MinorUnits,
    Minutes,
    Number,
    Ref,
    Unreadable,
    Whole,
)
from throughline.core.lists import Line, Lines, One, Part, pointing
from throughline.core.money import MINOR_DIGITS, Money, plain


@dataclass(frozen=True)
class People:
    """Who is who between us and one system, and one table of the firm's."""

    def our_id(self, kind: str, key: str) -> str | None:
        return f"{kind}-{key}" if key.isdigit() else None

    def their_key(self, kind: str, id_: str) -> str | None:
        return id_.removeprefix(f"{kind}-") if id_.startswith(f"{kind}-") else None

    def in_table(self, table: str, column: str, *, where: Mapping[str, str]) -> str | None:
        if "doubtful" in where.values():
            raise Hold("two rows fit", fix="Delete one.")
        rows = ({"region": "north", "erp_id": "1", "code": "N"}, {"region": "south", "erp_id": "2", "code": "S"})
        return next((row[column] for row in rows if table == "regions" and where.items() <= row.items()), None)


NAMES = People()
DECIMALS = st.decimals(-(10**12), 10**12, places=4).map(plain)
DAYS = st.dates().map(str)
MOMENTS = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=st.timezones()).map(
    lambda moment: moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
)
WHOLE_MINUTES = st.integers(0, 10**6).map(lambda minutes: plain(Decimal(minutes) / 60))
MONEY = st.builds(Money.from_minor, st.integers(-(10**12), 10**12), st.sampled_from(["EUR", "JPY", "KWD"]))
MODELS = Choice({"Fixed Fee": "fixed", "By Time": "time"})

ROUND_TRIPS: list[tuple[Form, st.SearchStrategy[Any]]] = [
    (SAME, st.text(min_size=1) | st.booleans()),
    (Number(), DECIMALS),
    (Number(as_text=True), DECIMALS),
    (Whole(), st.integers(-(10**12), 10**12)),
    (Flag(), st.booleans()),
    (Flag("T", "F"), st.booleans()),
    (Flag(1, 0), st.booleans()),
    (Day(), DAYS),
    (Instant(), MOMENTS),
    (MODELS, st.sampled_from(["fixed", "time"])),
    (Ref("customer"), st.integers(0, 999).map(lambda number: f"customer-{number}")),
    (Lookup("regions", "erp_id", self_column="region"), st.sampled_from(["north", "south"])),
    (One(Ref("customer")), st.integers(0, 999).map(lambda number: f"customer-{number}")),
    (
        Part((Line("state", "status", MODELS), Line("hours", "worked.hours", Number()))),
        st.fixed_dictionaries({"state": st.sampled_from(["fixed", "time"]), "hours": DECIMALS}),
    ),
    (
        Lines((Line("key", "id"), Line("hours", "worked.hours", Number()), Line("model", "type", MODELS))),
        st.lists(st.fixed_dictionaries({"key": st.text(min_size=1), "hours": DECIMALS, "model": st.just("time")})),
    ),
]


@pytest.mark.parametrize(("form", "values"), ROUND_TRIPS, ids=lambda each: type(each).__name__)
@given(data=st.data())
def test_what_a_form_writes_it_reads_back(form: Form, values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    ours = data.draw(values)

    assert form.read(form.write(ours, {}, NAMES), {}, NAMES) == ours


@given(WHOLE_MINUTES)
def test_minutes_are_written_whole_and_written_again_the_same(hours: str) -> None:
    written = Minutes().write(hours, {}, NAMES)

    assert Minutes().write(Minutes().read(written, {}, NAMES), {}, NAMES) == written
    assert abs(Decimal(written) / 60 - Decimal(hours)) < Decimal("0.0001")


@pytest.mark.parametrize("as_text", [False, True])
@given(money=MONEY)
def test_an_amount_is_read_back_with_the_currency_beside_it(money: Money, *, as_text: bool) -> None:
    ours, form = money.model_dump(mode="json"), Amount("iso", as_text=as_text)

    assert form.read(form.write(ours, {}, NAMES), {"iso": money.currency}, NAMES) == ours


@given(MONEY)
def test_minor_units_are_read_back_with_the_units_beside_them(money: Money) -> None:
    ours, form = money.model_dump(mode="json"), MinorUnits("currency")
    record = {"currency": money.currency, "currency_base_unit": 10 ** MINOR_DIGITS[money.currency]}

    assert form.read(form.write(ours, {}, NAMES), record, NAMES) == ours


@given(st.decimals(-(10**9), 10**9, places=2), st.integers(0, 5))
def test_one_value_has_one_spelling_however_many_zeros_were_written(value: Decimal, zeros: int) -> None:
    longer = Decimal(f"{value:f}" + "0" * zeros)

    assert Number().read(longer, {}, NAMES) == Number().read(value, {}, NAMES)
    assert Amount("c").read(longer, {"c": "EUR"}, NAMES) == Money.of(value, "EUR").model_dump(mode="json")


def test_a_moment_is_spelled_as_our_entities_spell_it() -> None:
    assert Instant().read("2026-01-31T12:00:00+02:00", {}, NAMES) == "2026-01-31T10:00:00Z"


def test_a_number_of_theirs_is_a_json_number_unless_they_want_text() -> None:
    assert Number().write("7.00", {}, NAMES) == 7
    assert Number().write("7.25", {}, NAMES) == Decimal("7.25")
    assert Number(as_text=True).write("7.00", {}, NAMES) == "7"


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (SAME, {"id": 1}),
        (SAME, [1]),
        (Number(), "12,50"),
        (Number(), True),
        (Whole(), "1.5"),
        (Minutes(), "an hour"),
        (Flag(), 1),
        (Flag(), "true"),
        (Flag(1, 0), True),
        (Flag("T", "F"), "X"),
        (Day(), 20260131),
        (Instant(), "2026-01-31T12:00:00"),
        (Instant(), "0001-01-01T00:00:00+14:00"),
        (MODELS, "Barter"),
        (Ref("customer"), "nobody"),
        (Amount("iso"), "5"),
        (MinorUnits("iso"), 500),
        (Lookup("regions", "erp_id", self_column="region"), "9"),
        (Lookup("regions", "erp_id", self_column="region"), "doubtful"),
        (One(SAME), "12"),
        (One(SAME), {"a": 1}),
        (One(SAME), ["1", "2"]),
        (Part((Line("hours", "hours", Number()),)), {"hours": "many"}),
        (Part((Line("key", "id"),)), ["not a part"]),
        (Part((Line("key", "id"),)), "neither"),
        (Lines((Line("key", "id"),)), {"id": 1}),
        (Lines((Line("key", "id"),)), ["not a line"]),
        (Lines((Line("hours", "hours", Number()),)), [{"hours": "many"}]),
    ],
)
def test_what_cannot_be_read_is_said_to_be_so(form: Form, value: object) -> None:
    with pytest.raises(Unreadable):
        form.read(value, {}, NAMES)


@pytest.mark.parametrize(
    ("base", "value"), [("many", 500), (3, 100), (0, 100), (100, "5.5")], ids=["text", "thirds", "zero", "half a cent"]
)
def test_minor_units_that_do_not_divide_are_refused(base: object, value: object) -> None:
    with pytest.raises(Unreadable):
        MinorUnits("iso").read(value, {"iso": "EUR", "currency_base_unit": base}, NAMES)


def test_a_currency_that_is_none_is_refused_where_it_is_read() -> None:
    with pytest.raises(Unreadable, match="not a currency"):
        Amount("iso").read("5", {"iso": "Euro"}, NAMES)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (MODELS, "barter"),
        (Ref("customer"), "project-1"),
        (Lookup("regions", "erp_id", self_column="region"), "west"),
        (Flag(), "false"),
        (Day(), "soon"),
        (Instant(), "2026-01-31T12:00:00"),
        (Number(), "12,50"),
        (Whole(), "1.5"),
        (MinorUnits("iso"), {"amount": "5.001", "currency": "EUR"}),
    ],
)
def test_what_they_have_no_spelling_for_is_not_sent(form: Form, value: object) -> None:
    with pytest.raises(Unreadable):
        form.write(value, {}, NAMES)


def test_a_lookup_may_depend_on_other_fields() -> None:
    form = Lookup("regions", "code", given=(("region", "area"),))

    assert form.write(None, {"area": "south"}, NAMES) == "S"
    with pytest.raises(Unreadable, match=r"tables/regions.csv for region=west"):
        form.write(None, {"area": "west"}, NAMES)


def test_a_constant_is_always_written_and_never_read() -> None:
    assert (Fixed(5).write("anything", {}, NAMES), Fixed(5).read(7, {}, NAMES)) == (5, None)


def test_an_empty_list_of_one_is_nothing() -> None:
    assert One(SAME).read([], {}, NAMES) is None


def test_a_line_sees_the_record_around_it_under_its_own_fields() -> None:
    form = Lines((Line("amount", "price", Amount("iso")),))

    read = form.read([{"price": 1}, {"price": 2, "iso": "USD"}], {"iso": "EUR"}, NAMES)

    assert [each["amount"]["currency"] for each in read] == ["EUR", "USD"]


def test_a_line_may_have_a_constant_and_fields_that_go_one_way() -> None:
    form = Lines((Line("key", "id", flow="in"), Line("name", "memo", flow="out"), Line("", "kind", Fixed("x"))))

    assert form.write([{"key": "1", "name": "a"}, {"name": None}], {}, NAMES) == [
        {"memo": "a", "kind": "x"},
        {"kind": "x"},
    ]
    assert form.read([{"id": "1", "memo": "a", "kind": "y"}, {"id": ""}], {}, NAMES) == [{"key": "1"}, {"key": None}]


def test_a_part_sees_the_record_around_it_and_says_which_of_its_fields_is_unread() -> None:
    form = Part((Line("amount", "price", Amount("iso")), Line("at", "when")))

    assert form.read({"price": 1, "when": None}, {"iso": "EUR"}, NAMES) == {
        "amount": {"amount": "1.00", "currency": "EUR"},
        "at": None,
    }
    with pytest.raises(Unreadable, match="price is 1 without a currency"):
        form.read({"price": 1}, {}, NAMES)


def test_an_unreadable_line_is_named() -> None:
    form = Lines((Line("hours", "hours", Number()),))

    with pytest.raises(Unreadable, match="line 2: hours is 'many'"):
        form.read([{"hours": 1}, {"hours": "many"}], {}, NAMES)


PAID = Lines((Line("invoice", "doc.id", Ref("invoice")), Line("amount", "amount")))


@pytest.mark.parametrize(
    ("form", "theirs", "told"),
    [
        (Ref("task"), "7", [("task", "7")]),
        (Ref("task"), None, []),
        (One(Ref("task")), ["7"], [("task", "7")]),
        (One(Ref("task")), [], []),
        (PAID, [{"doc": {"id": "7"}}, {"doc": {"id": 8}}, {"amount": 1}], [("invoice", "7"), ("invoice", "8")]),
        (PAID, ["no line"], []),
        (SAME, "7", []),
    ],
)
def test_what_a_form_points_at_is_known_before_reading(form: Form, theirs: Any, told: list[tuple[str, str]]) -> None:
    assert list(pointing(form, theirs, theirs=True)) == told


def test_what_lines_point_at_is_known_before_writing() -> None:
    assert list(pointing(PAID, [{"invoice": "i-1"}, {"amount": "1"}], theirs=False)) == [("invoice", "i-1")]


def test_a_line_that_is_only_sent_points_at_nothing_when_read() -> None:
    lines = Lines((Line("invoice", "doc", Ref("invoice"), flow="out"),))

    assert list(pointing(lines, [{"doc": "7", "invoice": "i-7"}], theirs=True)) == []
    assert list(pointing(lines, [{"invoice": "i-7"}], theirs=False)) == [("invoice", "i-7")]


def test_the_currency_of_an_amount_can_have_a_field_of_its_own() -> None:
    assert CurrencyOf().write({"amount": "1.00", "currency": "GBP"}, {}, NAMES) == "GBP"


@given(st.timedeltas(timedelta(hours=-14), timedelta(hours=14)))
def test_a_moment_is_the_same_moment_in_any_offset(offset: timedelta) -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    there = noon.astimezone(timezone(timedelta(minutes=offset // timedelta(minutes=1))))

    assert Instant().read(there.isoformat(), {}, NAMES) == "2026-06-01T12:00:00Z"
