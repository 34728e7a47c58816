"""Ids survive case-blind tools in their long spelling, and only there."""

import string

from hypothesis import given
from hypothesis import strategies as st

from throughline.sandbox.salesforce.ids import canonical, lengthen, numbered

SHORT = st.text(string.ascii_letters + string.digits, min_size=15, max_size=15)


def test_the_published_example_has_the_published_suffix() -> None:
    assert lengthen("001A0000006Vm9u") == "001A0000006Vm9uIAC"
    assert lengthen("003e0000003GuNX") == "003e0000003GuNXAA0"


@given(SHORT)
def test_both_spellings_are_one_id(short: str) -> None:
    long = lengthen(short)

    assert canonical(short) == canonical(long) == long
    assert long[:15] == short


@given(SHORT)
def test_the_suffix_restores_a_lost_case(short: str) -> None:
    long = lengthen(short)

    assert canonical(long.upper()) == canonical(long.lower()) == long


@given(SHORT, SHORT)
def test_different_ids_differ_even_without_case(one: str, other: str) -> None:
    assert (lengthen(one).lower() == lengthen(other).lower()) == (one == other)


@given(st.text(max_size=20))
def test_anything_else_is_no_id(text: str) -> None:
    alphabet = set(string.ascii_letters + string.digits)
    plain = set(text) <= alphabet

    assert canonical(text) is None or (plain and len(text) in {15, 18})


def test_a_wrong_suffix_is_no_id() -> None:
    assert canonical("001A0000006Vm9u555") is None


def test_numbers_become_ids_that_sort_by_age() -> None:
    ids = [numbered("006", number) for number in range(300_000_000, 300_000_200)]

    assert ids == sorted(ids)
    assert len({id_.lower() for id_ in ids}) == 200
    assert len({id_[:15].lower() for id_ in ids}) < 200, "some differ by case alone, as real ones do"
    assert all(id_.startswith("006") and len(id_) == 18 for id_ in ids)
