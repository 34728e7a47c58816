"""Who lends people to another of our companies is paid cost and mark-up; both amounts and the rate are kept."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.billing.book import Book
from throughline.core.billing.intercompany import intercompany
from throughline.core.entities import FxRate, FxRateId, TimeEntry
from throughline.core.fx import Days, Exchange, FxRates
from throughline.core.money import Money, total
from throughline.core.rows import FxRuleRow, IntercompanyRow, LabourCostRow
from throughline.core.tables import Table

type Entries = Callable[..., TimeEntry]

LAST = date(2026, 11, 30)
POUNDS = Money.of("61.20", "GBP")


def test_lent_work_is_charged_in_both_currencies_at_the_policy_s_rate(book: Book, entry: Entries) -> None:
    lines = [entry(id=f"t{n}", resource="boris", hours=Decimal(n), cost_rate=POUNDS) for n in (2, 3)]

    found = intercompany([*lines, entry()], book, billing_day=LAST)

    (charge,) = found.charges
    assert (charge.provider, charge.receiver, charge.period, charge.hours) == ("UK", "DE", "2026-11", Decimal(5))
    assert (charge.amount, charge.markup_percent) == (Money.of("330.48", "GBP"), Decimal(8))
    assert charge.receiver_amount == Money.of("380.88", "EUR")
    assert (charge.fx_rate, charge.fx_day) == (Decimal("1.1525"), date(2026, 11, 27))
    assert found.held == ()


@pytest.mark.parametrize("said", [None, Money.of(90, "EUR")])
def test_a_cost_the_psa_does_not_say_in_the_lender_s_currency_is_in_the_firm_s_table(
    book_with: Callable[..., Book], table: Callable[..., Table[Any]], entry: Entries, said: Money | None
) -> None:
    rows = [{"legal_entity": "UK", "currency": "GBP", "hourly_cost": "50"},
            {"legal_entity": "UK", "role": "Partner", "currency": "GBP", "hourly_cost": "100"},
            {"legal_entity": "UK", "role": "Partner", "currency": "GBP", "effective_from": date(2026, 12, 1),
             "hourly_cost": "120"}]  # fmt: skip
    book = book_with(tables=[table(LabourCostRow, *rows)])

    (charge,) = intercompany([entry(resource="boris", cost_rate=said)], book, billing_day=LAST).charges

    assert charge.amount == Money.of(864, "GBP"), "eight hours at a hundred, and eight percent"


def test_work_of_two_months_that_is_booked_in_one_period_is_two_charges(
    book_with: Callable[..., Book], entry: Entries
) -> None:
    """October is closed, and the United States book what comes late in the next period."""
    rate = FxRate(id=FxRateId("fx3"), source="USD", target="EUR", day=LAST, rate=Decimal("0.86"),
                  provider="European Central Bank")  # fmt: skip
    dollars: dict[str, Any] = {"resource": "boris", "cost_rate": Money.of(100, "USD")}

    found = intercompany(
        [entry(id="t1", **dollars), entry(id="t2", day=date(2026, 10, 20), **dollars)],
        book_with(rate, boris={"legal_entity": "US"}),
        billing_day=LAST,
    )

    assert found.held == ()
    assert {each.period for each in found.charges} == {"2026-11"}
    assert len({each.id for each in found.charges}) == 2


WRONG: list[tuple[dict[str, Any], dict[str, Any], type | None, str]] = [
    ({"cost_rate": None}, {}, LabourCostRow, "what an hour of a Partner, Boris, costs UK in GBP"),
    ({"cost_rate": Money.of(60, "USD")}, {}, LabourCostRow, "costs UK in GBP on 2026-11-10"),
    ({}, {"fx1": {"day": date(2026, 11, 24)}}, None, "no rate from GBP to EUR"),
    ({}, {}, IntercompanyRow, "what UK charges DE"),
    ({}, {}, FxRuleRow, "at which rate UK converts"),
    ({}, {"boris": {"legal_entity": None}}, None, "which of our companies employs Boris"),
    ({"approval": None}, {}, None, "approved"),
    ({"project": "nowhere"}, {}, None, "no project nowhere"),
]


@pytest.mark.parametrize("wrong", WRONG, ids=[each[3] for each in WRONG])
def test_what_is_missing_is_a_reason_and_the_other_lines_go_on(
    book_with: Callable[..., Book], table: Callable[..., Table[Any]], entry: Entries,
    wrong: tuple[dict[str, Any], dict[str, Any], type | None, str],
) -> None:  # fmt: skip
    line, changes, emptied, why = wrong
    book = book_with(tables=[table(emptied)] if emptied else [], **changes)

    found = intercompany([entry(**({"resource": "boris", "cost_rate": POUNDS} | line))], book, billing_day=LAST)

    assert found.charges == ()
    assert [why in held.why for held in found.held] == [True]


@given(hours=st.lists(st.decimals("0.25", 24, places=2), min_size=1, max_size=6), order=st.randoms())
def test_the_order_of_lines_changes_no_charge(book: Book, entry: Entries, hours: list[Decimal], order: Any) -> None:
    lines = [entry(id=f"t{n}", resource="boris", hours=each, cost_rate=POUNDS) for n, each in enumerate(hours)]
    charges = intercompany(lines, book, billing_day=LAST)
    order.shuffle(lines)

    again = intercompany(lines, book, billing_day=LAST)

    assert again == charges
    exactly = total((POUNDS * each for each in hours), "GBP") * Decimal("1.08")
    assert charges.charges[0].amount == exactly.rounded()


@given(
    cents=st.integers(-(10**12), 10**12), rate=st.decimals("0.0001", 1000, places=6), to=st.sampled_from(["JPY", "KWD"])
)
def test_a_conversion_keeps_both_amounts_and_the_rate(book: Book, cents: int, rate: Decimal, to: str) -> None:
    money = Money.from_minor(cents, "EUR")
    published = FxRate(id=FxRateId("x"), source="EUR", target=to, day=LAST, rate=rate, provider="European Central Bank")
    exchange = Exchange(book.firm, FxRates.of([published]), "DE")
    days = Days(work_day=LAST, period_end=LAST, billing_day=LAST)

    found = exchange.convert(money, to, purpose="expense", days=days, rounding="half_up")

    assert (found.source, found.rate, found.day) == (money, rate, LAST)
    assert found.target == found.target.rounded() == money.convert(rate, to).rounded()


def test_two_rates_of_one_day_that_differ_are_held(book_with: Callable[..., Book], entry: Entries) -> None:
    twin = FxRate(
        id=FxRateId("fx9"), source="GBP", target="EUR", day=date(2026, 11, 27), rate=Decimal("1.2"),
        provider="European Central Bank",
    )  # fmt: skip

    found = intercompany([entry(resource="boris", cost_rate=POUNDS)], book_with(twin), billing_day=LAST)

    assert "two rates" in found.held[0].why
