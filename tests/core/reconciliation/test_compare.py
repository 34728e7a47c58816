"""What is wrong between two sides has a name, and nothing else is called wrong."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.money import Money
from throughline.core.reconciliation.breaks import Break, Comparison, Entry, Field, Sort, at_stake
from throughline.core.reconciliation.compare import OutOfOrder, compare
from throughline.core.reconciliation.definitions import COMPARISONS
from throughline.core.reconciliation.entries import cells
from throughline.core.reconciliation.sides import Counts, Measure

INVOICES = Comparison(
    name="invoices", title="Invoices", domain="billing", part="finance", within=timedelta(0),
    left=Counts(Measure.WORKED), right=Counts(Measure.BILLED), money="amount", currency="currency",
    fields=(
        Field("amount", Sort.AMOUNT, Decimal("0.01")), Field("rate", Sort.RATE), Field("period", Sort.PERIOD),
        Field("currency", Sort.CURRENCY), Field("name", Sort.STALE),
    ),
)  # fmt: skip


def entry(key: str, amount: str = "100", *, rate: str = "50", period: str = "2026-11", currency: str = "EUR",
          name: str = "Ostwald") -> Entry:  # fmt: skip
    return key, (Decimal(amount), Decimal(rate), period, currency, name)


def sorts(left: list[Entry], right: list[Entry]) -> list[tuple[str, Sort]]:
    return [(each.key, each.sort) for each in compare(INVOICES, left, right)]


@pytest.mark.parametrize(
    ("left", "right", "sort"),
    [
        ([entry("a")], [], Sort.MISSING),
        ([], [entry("a")], Sort.ORPHAN),
        ([entry("a")], [entry("a"), entry("a")], Sort.DOUBLED),
        ([entry("a"), entry("a")], [entry("a")], Sort.DOUBLED),
        ([entry("a")], [entry("a", "90")], Sort.AMOUNT),
        ([entry("a")], [entry("a", rate="51")], Sort.RATE),
        ([entry("a")], [entry("a", period="2026-12")], Sort.PERIOD),
        ([entry("a")], [entry("a", currency="USD")], Sort.CURRENCY),
        ([entry("a")], [entry("a", name="Ostwald AG")], Sort.STALE),
    ],
)
def test_what_is_wrong_has_a_name(left: list[Entry], right: list[Entry], sort: Sort) -> None:
    before, after = entry("A"), entry("z")

    assert sorts([before, *left, after], [before, *right, after]) == [("a", sort)]


def test_two_sides_that_agree_have_no_break() -> None:
    both = [entry("a"), entry("b", "2")]

    assert sorts(both, both) == []


def test_twins_on_both_sides_are_doubled_though_the_sides_agree() -> None:
    twins = [entry("a"), entry("a")]

    assert sorts(twins, twins) == [("a", Sort.DOUBLED)]


def test_a_difference_within_the_tolerance_is_none() -> None:
    assert sorts([entry("a", "100.00")], [entry("a", "100.01")]) == []
    assert sorts([entry("a", "100.00")], [entry("a", "100.02")]) == [("a", Sort.AMOUNT)]


def test_amounts_in_two_currencies_are_not_compared() -> None:
    assert sorts([entry("a")], [entry("a", "109", rate="54", currency="USD")]) == [("a", Sort.CURRENCY)]


def test_each_sort_of_difference_is_a_break_of_its_own() -> None:
    found = sorts([entry("a")], [entry("a", "90", period="2026-12", name="x")])

    assert found == [("a", Sort.AMOUNT), ("a", Sort.PERIOD), ("a", Sort.STALE)]


def test_a_comparison_that_asks_for_no_orphans_has_none() -> None:
    without = replace(INVOICES, orphans=False)

    assert list(compare(without, [], [entry("a")])) == []


def test_a_stream_out_of_order_is_refused() -> None:
    with pytest.raises(OutOfOrder, match="'a' comes after 'b'"):
        list(compare(INVOICES, [entry("b"), entry("a")], []))


def test_a_million_entries_are_never_in_memory_at_once() -> None:
    drawn = {"left": 0, "right": 0}

    def endless(side: str) -> Iterator[Entry]:
        for number in range(10**9):
            drawn[side] += 1
            yield entry(f"{number:010}", "100" if side == "left" or number % 10 else "99")

    assert len(list(islice(compare(INVOICES, endless("left"), endless("right")), 5))) == 5
    assert max(drawn.values()) < 50


KEYED = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 3), max_size=12)


@given(KEYED, KEYED)
def test_every_difference_is_found_and_nothing_else(ours: dict[str, int], theirs: dict[str, int]) -> None:
    left, right = ([entry(key, str(said[key])) for key in sorted(said)] for said in (ours, theirs))

    found = {each.key for each in compare(INVOICES, left, right)}

    assert found == {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}


@pytest.mark.parametrize(
    ("sort", "left", "right", "worth"),
    [
        (Sort.AMOUNT, entry("a", "100"), entry("a", "90"), Money.of(10, "EUR")),
        (Sort.MISSING, entry("a", "100"), None, Money.of(100, "EUR")),
        (Sort.ORPHAN, None, entry("a", "7"), Money.of(7, "EUR")),
        (Sort.PERIOD, entry("a", "100"), entry("a", period="2026-12"), Money.of(100, "EUR")),
        (Sort.STALE, entry("a"), entry("a", name="x"), None),
        (Sort.MISSING, ("a", (None, None, None, "EUR", None)), None, None),
    ],
)
def test_what_is_at_stake_is_the_difference_or_the_whole_or_unknown(
    sort: Sort, left: Entry | None, right: Entry | None, worth: Money | None
) -> None:
    found = Break("a", sort, (), left and left[1], right and right[1])

    assert at_stake(INVOICES, found) == worth


def test_lines_are_added_up_and_their_prices_compared_one_by_one() -> None:
    fields = (
        Field("amount", Sort.AMOUNT, path="lines.*.amount.amount"),
        Field("unit prices", Sort.RATE, path="lines.*.unit_price.amount"),
        Field("budget", Sort.AMOUNT, path="budget.amount"),
        Field("active", Sort.STALE),
    )
    said = {
        "lines": [
            {"amount": {"amount": "10.50", "currency": "EUR"}, "unit_price": {"amount": "2.10"}},
            {"amount": {"amount": "1", "currency": "EUR"}, "unit_price": {"amount": "1"}},
        ],
        "active": True,
    }

    assert cells(fields, said) == (Decimal("11.50"), "2.10 1", None, "yes")


def test_every_definition_names_a_field_for_its_money_and_no_name_occurs_twice() -> None:
    assert len({each.name for each in COMPARISONS}) == len(COMPARISONS)
    for each in COMPARISONS:
        assert (each.money is None) == (each.place(each.money) is None)
        assert (each.currency is None) == (each.place(each.currency) is None)
