"""Money: exact, never mixed up, never lost in a division."""

import json
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, getcontext, localcontext
from fractions import Fraction
from typing import Any

import pytest
from babel.core import get_global
from babel.numbers import get_currency_precision, list_currencies
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from throughline.core.money import MINOR_DIGITS, CurrencyMismatch, Exact, Money, exact, plain, total

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD", "CLF"])
UNITS = st.integers(-(10**14), 10**14)
AMOUNTS = st.decimals(-(10**12), 10**12, places=9)
WEIGHTS = st.lists(st.decimals(0, 10**6, places=4), min_size=1, max_size=12).filter(any)

# CLDR says how a price is displayed, ISO how it is counted: nobody displays a Serbian para, and ledgers still keep it.
DISPLAYED_SHORTER = {"AFN", "ALL", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"}


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def test_amounts_of_one_currency_add_subtract_and_negate() -> None:
    assert eur("1.10") + eur("2.20") == eur("3.30")
    assert eur("1.10") - eur("2.20") == eur("-1.10")
    assert -eur("1.10") == eur("-1.10")
    assert abs(eur("-1.10")) == eur("1.10")


def test_amounts_of_one_currency_compare() -> None:
    assert eur("1") < eur("2") <= eur("2.0")
    assert eur("3") > eur("2") >= eur("2.0")


@pytest.mark.parametrize("act", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_two_currencies_never_meet_by_accident(act: str) -> None:
    with pytest.raises(CurrencyMismatch, match=r"5\.00 EUR and 5\.00 USD: convert"):
        getattr(eur("5"), act)(Money.of(5, "USD"))


def test_amounts_in_two_currencies_are_simply_not_equal() -> None:
    assert eur("5") != Money.of(5, "USD")


def test_equality_is_by_value_and_so_is_the_hash() -> None:
    assert eur("1.0") == eur("1.00")
    assert len({eur("1.0"), eur("1.00"), eur("1")}) == 1


def test_an_amount_multiplies_by_a_quantity_from_either_side() -> None:
    assert eur("120.50") * Decimal("7.5") == eur("903.75")
    assert 3 * eur("120.50") == eur("361.50")


def test_an_amount_never_multiplies_by_a_float() -> None:
    with pytest.raises(ValueError, match=r"7\.5 is not an exact number"):
        eur("1") * 7.5  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]  # what is tested


@pytest.mark.parametrize(
    ("given_amount", "currency", "expected"),
    [("1.005", "EUR", "1.01"), ("-1.005", "EUR", "-1.01"), ("100.5", "JPY", "101"), ("0.0005", "KWD", "0.001")],
)
def test_rounding_goes_half_up_to_the_smallest_unit(given_amount: str, currency: str, expected: str) -> None:
    assert Money.of(given_amount, currency).rounded() == Money.of(expected, currency)


def test_another_rounding_may_be_asked_for() -> None:
    assert eur("1.005").rounded(ROUND_HALF_EVEN) == eur("1.00")
    assert eur("1.009").rounded(ROUND_DOWN) == eur("1.00")


@given(AMOUNTS, CURRENCIES)
def test_rounding_moves_an_amount_by_half_a_unit_at_most(amount: Decimal, currency: str) -> None:
    money = Money.of(amount, currency)

    rounded = money.rounded()

    assert abs(rounded.amount - amount) * 2 <= Money.from_minor(1, currency).amount
    assert rounded.rounded() == rounded
    assert Money.from_minor(rounded.minor(), currency) == rounded


@given(UNITS, CURRENCIES)
def test_minor_units_there_and_back_are_the_same(units: int, currency: str) -> None:
    assert Money.from_minor(units, currency).minor() == units


def test_an_amount_with_parts_of_a_minor_unit_has_no_whole_minor_units() -> None:
    with pytest.raises(ValueError, match="round it first"):
        eur("1.005").minor()


@given(UNITS, CURRENCIES, WEIGHTS)
def test_an_allocation_sums_exactly(units: int, currency: str, weights: list[Decimal]) -> None:
    money = Money.from_minor(units, currency)

    parts = money.allocate(weights)

    assert total(parts, currency) == money
    assert len(parts) == len(weights)


@given(UNITS, CURRENCIES, WEIGHTS)
def test_no_part_is_a_whole_minor_unit_off_its_ideal(units: int, currency: str, weights: list[Decimal]) -> None:
    whole = sum(map(Fraction, weights))

    parts = Money.from_minor(units, currency).allocate(weights)

    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.minor() - units * Fraction(weight) / whole) < 1


@given(UNITS, CURRENCIES, WEIGHTS)
def test_a_larger_weight_never_gets_a_smaller_part(units: int, currency: str, weights: list[Decimal]) -> None:
    parts = [abs(part) for part in Money.from_minor(units, currency).allocate(weights)]

    by_weight = [part for _, part in sorted(zip(weights, parts, strict=True), key=lambda pair: (pair[0], pair[1]))]
    assert by_weight == sorted(parts)


def test_spare_units_go_to_the_largest_fractions() -> None:
    parts = eur("1.00").allocate([Decimal("0.334"), Decimal("0.337"), Decimal("0.329")])

    assert parts == (eur("0.33"), eur("0.34"), eur("0.33"))


def test_among_equal_fractions_the_earlier_comes_first() -> None:
    assert eur("0.05").split(3) == (eur("0.02"), eur("0.02"), eur("0.01"))
    assert eur("-0.05").split(3) == (eur("-0.02"), eur("-0.02"), eur("-0.01"))


def test_a_weight_of_zero_gets_nothing() -> None:
    assert eur("0.01").allocate([0, 1, 0]) == (eur("0"), eur("0.01"), eur("0"))


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [-1]])
def test_weights_that_divide_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights are zero or more"):
        eur("1").allocate(weights)


def test_parts_of_a_minor_unit_are_rounded_before_they_are_divided() -> None:
    with pytest.raises(ValueError, match="round it first"):
        eur("1.005").split(2)


def test_a_conversion_is_exact_until_somebody_rounds_it() -> None:
    converted = eur("100.00").convert("162.345", "JPY")

    assert converted == Money.of("16234.5", "JPY")
    assert converted.rounded() == Money.of("16235", "JPY")


@given(UNITS, st.decimals("0.0001", "9999", places=4))
def test_a_conversion_there_and_back_keeps_the_amount(units: int, rate: Decimal) -> None:
    money = Money.from_minor(units, "EUR")
    with localcontext(prec=60):
        back = Decimal(1) / rate

    assert money.convert(rate, "KWD").convert(back, "EUR").rounded() == money


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_is_above_zero(rate: int) -> None:
    with pytest.raises(ValueError, match="a rate is above zero"):
        eur("1").convert(rate, "USD")


def test_the_sum_of_nothing_is_zero_of_the_currency_asked_for() -> None:
    assert total([], "EUR") == Money.zero("EUR")
    assert total([], "EUR").is_zero


def test_a_sum_refuses_a_stranger() -> None:
    with pytest.raises(CurrencyMismatch):
        total([eur("1"), Money.of(1, "USD")], "EUR")


@given(st.lists(UNITS, max_size=8), CURRENCIES)
def test_the_order_of_a_sum_does_not_matter(units: list[int], currency: str) -> None:
    monies = [Money.from_minor(each, currency) for each in units]

    assert total(monies, currency) == total(reversed(monies), currency) == Money.from_minor(sum(units), currency)


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money.of("1234.5", "EUR"), "1,234.50 EUR"),
        (Money.of("-1234567", "JPY"), "-1,234,567 JPY"),
        (Money.of("0.1", "KWD"), "0.100 KWD"),
        (Money.of("-0", "EUR"), "0.00 EUR"),
        (Money.of("-0.004", "EUR"), "-0.004 EUR"),
        (Money.of("1E+3", "USD"), "1,000.00 USD"),
    ],
)
def test_money_reads_as_people_write_it(money: Money, text: str) -> None:
    assert str(money) == text


@pytest.mark.parametrize(("amount", "wire"), [("1234.5", "1234.50"), ("1E+3", "1000.00"), ("0.10500", "0.105")])
def test_on_the_wire_the_amount_is_text(amount: str, wire: str) -> None:
    assert eur(amount).model_dump(mode="json") == {"amount": wire, "currency": "EUR"}


@given(AMOUNTS, CURRENCIES)
def test_money_survives_json(amount: Decimal, currency: str) -> None:
    money = Money.of(amount, currency)

    assert Money.model_validate(json.loads(json.dumps(money.model_dump(mode="json")))) == money
    assert Money.model_validate_json(money.model_dump_json()) == money


@given(AMOUNTS, st.integers(0, 6), CURRENCIES)
def test_equal_amounts_read_the_same_on_the_wire(amount: Decimal, zeros: int, currency: str) -> None:
    with localcontext(prec=60):
        padded = amount.quantize(Decimal(1).scaleb(-9 - zeros))

    assert Money.of(padded, currency).model_dump_json() == Money.of(amount, currency).model_dump_json()


@pytest.mark.parametrize("amount", ["12.50", 12, "-1", "+1", "1e3", Decimal("0.1")])
def test_decimals_integers_and_their_text_are_accepted(amount: object) -> None:
    assert Money.model_validate({"amount": amount, "currency": "EUR"}).amount == Decimal(str(amount))


NO_NUMBER_TEXTS = ["", " 1", "1\n", "1_0", "1,5", "0x10", "\u0661", "NaN", "Infinity", "-inf"]


@pytest.mark.parametrize("amount", [0.1, 1.0, True, None, [], Decimal("NaN"), Decimal("Infinity"), *NO_NUMBER_TEXTS])
def test_whatever_is_not_exact_is_refused(amount: object) -> None:
    with pytest.raises(ValidationError, match="is not an exact number"):
        Money.model_validate({"amount": amount, "currency": "EUR"})


def test_a_json_number_with_a_point_is_refused_even_when_read_from_text() -> None:
    with pytest.raises(ValidationError, match=r"12\.5 is not an exact number"):
        Money.model_validate_json('{"amount": 12.5, "currency": "EUR"}')


@pytest.mark.parametrize("amount", ["1e18", "1e999", 10**40])
def test_a_number_no_ledger_can_hold_is_refused(amount: str | int) -> None:
    with pytest.raises(ValidationError, match="too large"):
        Money.model_validate({"amount": amount, "currency": "EUR"})


@pytest.mark.parametrize("currency", ["eur", "EURO", "", "XXX", "DEM", "€", 978, None])
def test_only_iso_currencies_in_use_are_known(currency: object) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": "1", "currency": currency})


def test_money_is_frozen_and_closed() -> None:
    closed: Any = eur("1")

    with pytest.raises(ValidationError, match="frozen"):
        closed.amount = Decimal(2)
    with pytest.raises(ValidationError, match="Extra inputs"):
        Money.model_validate({"amount": "1", "currency": "EUR", "rate": "1"})


def test_a_careless_thread_cannot_change_what_an_amount_is() -> None:
    precision = getcontext().prec
    with localcontext(prec=3):
        amount = eur("123456.78") * Decimal("1.5") + eur("0.01")
        parts = eur("123456.78").split(1)
        rounded = eur("123456.785").rounded()
        converted = eur("123456.78").convert("1.5", "USD")

    assert amount == eur("185185.18")
    assert parts == (eur("123456.78"),)
    assert rounded == eur("123456.79")
    assert converted == Money.of("185185.17", "USD")
    assert getcontext().prec == precision


def test_every_currency_tendered_today_is_known() -> None:
    today = {
        code
        for currencies in get_global("territory_currencies").values()
        for code, _since, until, tender in currencies
        if until is None and tender
    }

    assert today <= set(MINOR_DIGITS) <= set(list_currencies()) | {"CLF", "UYW"}


def test_minor_units_are_those_of_iso() -> None:
    different = {code for code, digits in MINOR_DIGITS.items() if digits != get_currency_precision(code)}

    assert different == DISPLAYED_SHORTER
    assert (MINOR_DIGITS["JPY"], MINOR_DIGITS["EUR"], MINOR_DIGITS["KWD"], MINOR_DIGITS["CLF"]) == (0, 2, 3, 4)


class Measured(BaseModel):
    hours: Exact


@given(AMOUNTS)
def test_any_exact_number_survives_json_without_an_exponent(number: Decimal) -> None:
    measured = Measured(hours=number)

    wire = measured.model_dump(mode="json")["hours"]

    assert "E" not in wire
    assert Measured.model_validate({"hours": wire}) == measured


def test_a_number_is_kept_to_thirty_places() -> None:
    with localcontext(prec=50):
        third = Decimal(1) / 3

    assert plain(exact(third)) == "0." + "3" * 30
