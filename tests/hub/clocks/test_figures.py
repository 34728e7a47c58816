"""Every figure is computed from its records; one that cannot be known says why, and is never nought."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.events import OpportunityWon
from throughline.core.kpis import KPIS
from throughline.core.money import Money
from throughline.hub.kpis.figures import COMPUTED, Figure, figures
from throughline.hub.quote_to_cash import quote_to_cash


async def figure(clockmaker: Any, name: str) -> Figure:
    return (await figures(clockmaker.world.machine)).one(name)


async def deal(clockmaker: Any, number: int, *, amount: str | None = "900", currency: str = "USD") -> None:
    said: dict[str, Any] = {"amount": {"amount": amount, "currency": currency}} if amount else {}
    await clockmaker.knows("opportunity", f"opportunity-{number}", legal_entity="US", **said)
    await clockmaker.happens(OpportunityWon(opportunity=f"opportunity-{number}"))


async def rate(clockmaker: Any, source: str, said: str, *, days_ago: int = 0) -> None:
    day = (clockmaker.world.clock() - timedelta(days=days_ago)).date().isoformat()
    await clockmaker.knows("fx_rate", f"rate-{source}-{days_ago}", source=source, target="USD", rate=said, day=day)


async def invoice(clockmaker: Any, number: int, state: str, *, total: str = "900", left: str | None = "300",
                  days_ago: int = 20) -> None:  # fmt: skip
    day = (clockmaker.world.clock() - timedelta(days=days_ago)).date().isoformat()
    said: dict[str, Any] = {"open_amount": {"amount": left, "currency": "USD"}} if left else {}
    await clockmaker.knows("invoice", f"invoice-{number}", state=state, currency="USD", issued_on=day,
                           total={"amount": total, "currency": "USD"}, **said)  # fmt: skip


def test_every_figure_is_computed_and_nothing_else_is() -> None:
    assert set(COMPUTED) == {each.name for each in KPIS}


def test_every_figure_has_a_name_of_its_own_and_says_how_it_is_made() -> None:
    assert len({each.name for each in KPIS}) == len(KPIS)
    assert all(each.meaning.endswith(".") and each.computed.endswith(".") and each.sources for each in KPIS)


@pytest.mark.parametrize(
    "name",
    ["sla_attainment", "project_open_time", "dso", "conversion", "first_pass_yield", "exception_resolution_time",
     "master_data_consistency", "data_completeness", "change_exception_rate", "billing_on_time"],
)  # fmt: skip
async def test_of_nothing_it_is_unknown_and_says_why(clockmaker: Any, name: str) -> None:
    seen = await figure(clockmaker, name)

    assert seen.value is None
    assert seen.why


async def test_a_hold_without_an_amount_is_counted_as_unknown_and_adds_nothing(clockmaker: Any) -> None:
    await clockmaker.holds("opportunity-1", amount=100)
    await clockmaker.holds("x")
    await clockmaker.world.pool.execute("update holds set amount = null, currency = null where id = 'hold-x'")

    seen = await figure(clockmaker, "money_at_risk")

    assert (seen.value, seen.of, seen.unknown) == (Decimal(100), 2, 1)


async def test_an_engagement_at_risk_twice_counts_once_with_the_most(clockmaker: Any) -> None:
    await deal(clockmaker, 1)
    await clockmaker.passes(9)
    await clockmaker.holds("opportunity-1", amount=400)

    seen = await figure(clockmaker, "money_at_risk")

    assert (seen.value, seen.of) == (Decimal(900), 1)


async def test_a_currency_without_a_rate_makes_the_sum_unknown_and_not_smaller(clockmaker: Any) -> None:
    await deal(clockmaker, 1)
    await deal(clockmaker, 2, currency="EUR")

    seen = await figure(clockmaker, "in_flight")

    assert (seen.value, seen.why) == (None, "an exchange rate is missing")
    assert seen.amounts == (Money.of(900, "EUR"), Money.of(900, "USD"))


async def test_with_its_rate_it_is_one_sum(clockmaker: Any) -> None:
    await deal(clockmaker, 1)
    await deal(clockmaker, 2, currency="EUR")
    await rate(clockmaker, "EUR", "1.10")
    await rate(clockmaker, "EUR", "2.00", days_ago=3)

    assert (await figure(clockmaker, "in_flight")).value == Decimal("1890.00")


async def test_a_rate_of_long_ago_says_nothing_of_today(clockmaker: Any) -> None:
    await deal(clockmaker, 2, currency="EUR")
    await rate(clockmaker, "EUR", "1.10", days_ago=40)

    assert (await figure(clockmaker, "in_flight")).value is None


async def test_dso_is_what_is_owed_over_a_quarter_s_sales(clockmaker: Any) -> None:
    await invoice(clockmaker, 1, "posted")
    await invoice(clockmaker, 2, "paid", left="0")
    await invoice(clockmaker, 3, "void")
    await invoice(clockmaker, 4, "sent", left="600", days_ago=200)

    seen = await figure(clockmaker, "dso")

    assert (seen.value, seen.of) == (Decimal("45.0"), 2), "900 of 1,800 in 90 days"


async def test_an_invoice_whose_ledger_has_not_said_what_is_open_makes_dso_unknown(clockmaker: Any) -> None:
    await invoice(clockmaker, 1, "posted", left=None)
    await invoice(clockmaker, 2, "paid", left="0")

    seen = await figure(clockmaker, "dso")

    assert (seen.value, seen.unknown) == (None, 1)


async def test_what_ended_before_the_period_is_not_of_it(clockmaker: Any) -> None:
    await deal(clockmaker, 1)
    await clockmaker.world.pool.execute(
        "update clocks set state = 'met', ended_at = began_at, spent_seconds = 60, look_at = null"
    )
    now = await figure(clockmaker, "project_open_time")

    clockmaker.world.clock.advance(timedelta(days=31).total_seconds())

    assert (now.value, (await figure(clockmaker, "project_open_time")).value) == (Decimal(60), None)


async def test_a_hop_says_how_much_of_its_error_budget_is_left(clockmaker: Any) -> None:
    await deal(clockmaker, 1)
    await clockmaker.world.pool.execute(
        "update clocks set state = 'missed', ended_at = began_at, spent_seconds = 60 where hop = 'project_open'"
    )

    hops = {each.hop.name: each for each in (await figures(clockmaker.world.machine)).hops}

    assert hops["project_open"].budget is not None
    assert hops["project_open"].budget.left_percent == Decimal("-900.0")
    assert hops["contract_booked"].budget is None, "the firm has set it no target"


async def test_the_flow_leaves_out_what_has_no_rate_and_says_so(clockmaker: Any) -> None:
    await deal(clockmaker, 1)
    await deal(clockmaker, 2, currency="EUR")
    await deal(clockmaker, 3, amount=None)

    won = (await quote_to_cash(clockmaker.world.machine)).stages[0].came

    assert won.total == Money.of(900, "USD")
    assert (won.left_out, won.unknown, won.clocks) == ((Money.of(900, "EUR"),), 1, 3)


async def test_what_is_due_first_comes_first_whichever_hop_it_is_on(clockmaker: Any) -> None:
    await deal(clockmaker, 1)

    due = (await quote_to_cash(clockmaker.world.machine)).due

    assert [each.hop for each in due] == ["contract_booked", "project_open"]
