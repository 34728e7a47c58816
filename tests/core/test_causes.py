"""Causes: two holds with one remedy are one cause, and two remedies are two."""

import pytest

from throughline.core.causes import Cause, pattern


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Invoice INV-1001 shows no amount", "Invoice INV-2044 shows no amount"),
        ("opportunity-7f3k2 is 4,500.00 EUR", "opportunity-9c1qx is 12.00 EUR"),
        ("It is in 'A', not in \"B\"", "It is in 'C', not in \"D\""),
        ("No rate on 2026-10-31", "No rate on 2026-11-01"),
        ("kantata has 2 records of one project: 7, 17", "kantata has 3 records of one project: 8, 18, 28"),
    ],
)
def test_ids_amounts_and_days_do_not_tell_causes_apart(one: str, other: str) -> None:
    assert pattern(one) == pattern(other)


def test_the_names_of_those_it_is_about_are_left_out() -> None:
    one = pattern("No tax code for DE selling to Halden Energy AS in CH", ["Halden Energy", "Halden Energy AS"])

    assert one == "No tax code for DE selling to … in CH"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("No tax code for DE selling to … in CH", "No tax code for DE selling to … in NO"),
        ("Limit of 10.00 EUR", "Limit of 10.00 GBP"),
        ("netsuite refused it", "kantata refused it"),
    ],
)
def test_what_needs_another_remedy_is_another_cause(one: str, other: str) -> None:
    assert pattern(one) != pattern(other)


def test_a_short_name_takes_no_word_apart() -> None:
    assert pattern("In the books", ["In"]) == "In the books"


def test_a_cause_has_one_id_for_process_part_kind_and_pattern() -> None:
    cause = Cause("opportunity-to-project", "finance", "hold", "No tax code")

    assert cause.id == Cause("opportunity-to-project", "finance", "hold", "No tax code").id
    assert cause.id != Cause("opportunity-to-project", "delivery", "hold", "No tax code").id
    assert cause.id.startswith("cause-")
