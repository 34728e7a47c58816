"""JSON that keeps every digit, and mistakes no string for a number."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.exact import digest, dumps, loads

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
# Strings that look like the marks decimals leave behind, in and out of quotes.
NASTY = st.text(alphabet='\x00"\\u0123456789.-eE,:', max_size=12)
LEAVES = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | DECIMALS | st.text(max_size=5) | NASTY
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NASTY, inner, max_size=4), max_leaves=12
)


@given(VALUES)
def test_every_value_comes_back_as_it_went(value: Any) -> None:
    assert loads(dumps(value)) == value


@given(VALUES)
def test_what_is_printed_is_json_for_everybody(value: Any) -> None:
    assert json.loads(dumps(value, sort_keys=True), parse_float=Decimal) == value


@given(st.decimals(-(10**20), 10**20, places=6))
def test_a_decimal_keeps_its_digits(value: Decimal) -> None:
    assert str(loads(dumps(value))) == f"{value:f}"


@given(DECIMALS)
def test_a_decimal_of_any_size_keeps_its_value_and_stays_short(value: Decimal) -> None:
    text = dumps(value)

    assert Decimal(text) == value
    assert len(text) < 200


@pytest.mark.parametrize(
    "text", ["\x0012", "\x00", "\x00\x00", '"\x0012', 'a"\x0012"', "\\u000012", "\\\x0012", "\x00-1.5e9"]
)
def test_a_string_that_looks_like_a_mark_stays_a_string(text: str) -> None:
    value = {"a": text, text: Decimal("1.50"), "list": [Decimal(2), text]}

    assert loads(dumps(value)) == value


def test_eleven_letters_do_not_become_a_gigabyte() -> None:
    assert dumps(loads('{"n":1e999999999}')) == '{"n":1E+999999999}'


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", '{"a": NaN}', "1e99999999999999999999999", "[" * 100_000]
)
def test_what_is_not_json_or_not_bearable_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        loads(text)


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), float("nan"), float("inf")])
def test_a_number_that_is_none_is_never_printed(value: object) -> None:
    with pytest.raises(ValueError):
        dumps({"n": value})


def test_a_value_that_is_not_json_is_named() -> None:
    with pytest.raises(TypeError, match="set is not JSON"):
        dumps({1, 2})


def test_a_digest_is_the_same_for_the_same_content_whatever_the_order() -> None:
    assert digest("put", {"a": Decimal("1.5"), "b": 2}) == digest("put", {"b": 2, "a": Decimal("1.5")})
    assert len(digest("anything")) == 26


@given(VALUES, VALUES)
def test_two_contents_have_two_digests(one: Any, other: Any) -> None:
    assert (digest(one) == digest(other)) == (dumps(one, sort_keys=True) == dumps(other, sort_keys=True))


def test_a_number_and_its_text_are_two_contents() -> None:
    assert digest(Decimal(1)) != digest("1") != digest("\x001")
    assert digest("a", "b") != digest("ab")
