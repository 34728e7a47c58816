"""Whether two customers are one; when in doubt a person says."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from throughline.core.candidates import Candidate
from throughline.core.entities import Customer, CustomerId
from throughline.core.matching import (
    DIFFERENT,
    Match,
    match,
    normalised_name,
    same_name,
    same_tax_id,
    search_word,
    side_by_side,
)

RAIL = Customer(id=CustomerId("customer-1"), name="Meridian Rail Ltd", country="GB", tax_id="GB823456726")


def record(key: str = "7", id_: str | None = None, **fields: Any) -> Candidate:
    return Candidate(key, id_, {"name": "Somebody Else", **fields})


SAME_NAMES = [
    ("Meridian Rail Ltd", "MERIDIAN RAIL LIMITED"),
    ("Norrvik Marine AS", "Norrvik Marine A/S"),
    ("Orsay Pharma SA", "Orsay Pharma S.A."),
    ("Van Aerle Logistics BV", "van aerle logistics b.v."),
    ("Sample & Partner GmbH", "Sample and Partner GmbH & Co. KG"),
    ("Weißenfels AG", "WEISSENFELS AG"),
    ("Müller SE", "Muller"),
    ("Ørsted A/S", "Orsted"),
    ("Łódź Sp", "Lodz SP"),
    ("Ромашка", "РОМАШКА"),
    ("The Group Holding", "the group holding"),
]
OTHER_NAMES = [
    ("Meridian Rail Ltd", "Meridian Road Ltd"),
    ("日本商事", "東京電機"),
    ("Ромашка", "Берёзка"),
    ("---", "***"),
    ("", ""),
    ("Ltd", "GmbH"),
]


@pytest.mark.parametrize(("one", "other"), SAME_NAMES)
def test_a_name_is_the_same_whatever_its_legal_form_case_or_accents(one: str, other: str) -> None:
    assert same_name(one, other)
    assert same_name(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER_NAMES)
def test_two_names_are_two_names_in_any_script(one: str, other: str) -> None:
    assert not same_name(one, other)


@given(st.text(max_size=40))
@example("\U0001f110")  # an A in brackets, in one sign
def test_a_normalised_name_is_normal(name: str) -> None:
    assert normalised_name(normalised_name(name)) == normalised_name(name)


@pytest.mark.parametrize("other", ["GB823456726", "gb 823 4567 26", "GB-823.4567/26"])
def test_a_tax_id_is_the_same_whatever_noise_is_in_it(other: str) -> None:
    assert same_tax_id("GB823456726", other)


@pytest.mark.parametrize("placeholder", [None, "", "-", "n/a", "N/A", "none", "000000000", "99-9999999", "1234"])
def test_a_placeholder_is_nobodys_tax_id(placeholder: str | None) -> None:
    assert not same_tax_id(placeholder, placeholder)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Meridian Rail Ltd", "MERIDIAN"),
        ("The Hexham Council", "HEXHAM"),
        ("GmbH", "GMBH"),
        ("Ørsted A/S", "ØRSTED"),
        ("!", ""),
    ],
)
def test_a_system_is_searched_for_the_first_word_that_tells_apart(name: str, word: str) -> None:
    assert search_word(name) == word


def test_nobody_alike_is_nobody() -> None:
    assert match(RAIL, [record()]) == Match()
    assert match(RAIL, []) == Match()


def test_the_same_tax_id_is_the_same_customer() -> None:
    assert match(RAIL, [record("1"), record("7", tax_id="gb 823456726")]) == Match("7")


def test_our_own_id_is_the_same_customer_whatever_else_it_says() -> None:
    assert match(RAIL, [record("7", "customer-1", tax_id="GB999999973")]) == Match("7")


def test_what_is_ours_already_is_ours_though_another_has_the_same_tax_id() -> None:
    assert match(RAIL, [record("9", tax_id="GB823456726"), record("7", "customer-1")]) == Match("7")


def test_only_the_same_name_is_a_doubt() -> None:
    alike = record("7", name="MERIDIAN RAIL LIMITED")

    assert match(RAIL, [alike, record("8")]) == Match(doubtful=(alike,))


def test_the_same_tax_id_twice_is_a_doubt() -> None:
    both = [record("7", tax_id="GB823456726"), record("8", tax_id="GB823456726")]

    assert match(RAIL, both) == Match(doubtful=tuple(both))


def test_a_tax_id_that_belongs_to_another_customer_of_ours_is_a_doubt() -> None:
    theirs = record("7", "customer-2", tax_id="GB823456726")

    assert match(RAIL, [theirs]) == Match(doubtful=(theirs,))


def test_the_same_number_in_another_country_is_a_doubt() -> None:
    american = record("7", tax_id="823456726", country="US")

    assert match(RAIL.model_copy(update={"tax_id": "823456726"}), [american]) == Match(doubtful=(american,))


def test_two_records_that_carry_our_id_are_a_doubt() -> None:
    twins = [record("7", "customer-1"), record("8", "customer-1")]

    assert match(RAIL, twins) == Match(doubtful=tuple(twins))


def test_a_choice_is_one_of_the_records_or_none_of_them() -> None:
    found = Match(doubtful=(record("7"), record("8")))

    assert found.choices == ("it is 7", "it is 8", DIFFERENT)
    assert [found.chosen(choice) for choice in found.choices] == ["7", "8", None]


def test_a_person_compares_them_side_by_side() -> None:
    found = Match(doubtful=(record("7", name="MERIDIAN RAIL LIMITED", email="a@rail.example", comments="secret"),))

    assert side_by_side(RAIL, found) == (
        {"record": "the customer of the deal", "name": "Meridian Rail Ltd", "tax_id": "GB823456726", "country": "GB"},
        {"record": "7", "name": "MERIDIAN RAIL LIMITED", "email": "a@rail.example"},
    )
