"""Exchange rates: one for each working day and pair of currencies, brought in as the days go by."""

from decimal import Decimal

from tests.sandbox.netsuite.conftest import Account

QUERY = (
    "SELECT cr.effectivedate, cr.exchangerate, b.symbol AS base, t.symbol AS source FROM currencyrate cr"
    " JOIN currency b ON b.id = cr.basecurrency JOIN currency t ON t.id = cr.transactioncurrency"
)


async def days_go_by(account: Account, days: int) -> None:
    account.clock.advance(days * 24 * 3600)
    await account.log_in()


async def test_a_rate_is_what_a_foreign_unit_is_worth_in_the_base_currency(account: Account) -> None:
    rows = await account.rows(f"{QUERY} WHERE cr.effectivedate = TO_DATE('2026-11-20', 'YYYY-MM-DD')")

    rates = {(row["source"], row["base"]): Decimal(row["exchangerate"]) for row in rows}
    assert len(rates) == 6
    assert rates["GBP", "USD"] > 1 > rates["USD", "GBP"], "a pound is worth more than a dollar"
    assert abs(rates["EUR", "GBP"] * rates["GBP", "EUR"] - 1) < Decimal("0.00001")


async def test_every_working_day_has_its_rates_and_no_other_day(account: Account) -> None:
    await days_go_by(account, 4)

    rows = await account.rows(f"{QUERY} WHERE b.symbol = 'EUR' AND t.symbol = 'USD' ORDER BY cr.id")

    days = [row["effectivedate"] for row in rows]
    assert days[-4:] == ["11/19/2026", "11/20/2026", "11/23/2026", "11/24/2026"]
    assert len(days) == len(set(days))


async def test_what_comes_later_is_told_as_changed_later(account: Account) -> None:
    await account.rows(QUERY)
    await days_go_by(account, 3)

    rows = await account.rows(
        f"{QUERY} WHERE SYS_EXTRACT_UTC(cr.lastmodifieddate) > TO_TIMESTAMP('2026-11-21 00:00', 'YYYY-MM-DD HH24:MI')"
    )

    assert {row["effectivedate"] for row in rows} == {"11/23/2026"}
