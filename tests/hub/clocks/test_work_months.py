"""A month's work on a project: what was approved, what is on drafts, what is out, and what nobody can price."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from throughline.core.delivery_events import TimeApproved
from throughline.core.events import InvoiceDrafted, InvoicePosted
from throughline.core.money import Money

PROJECT = "project-1"


async def worked(clockmaker: Any, number: int, *, hours: str = "8", rate: str | None = "100", day: str = "2026-11-10",
                 currency: str = "USD", billable: bool = True) -> None:  # fmt: skip
    if number == 1:
        await clockmaker.knows(
            "project", PROJECT, opportunity="opportunity-1", contract="contract-1", currency="USD",
            commercial_model="time_and_materials", legal_entity="US",
        )  # fmt: skip
        await clockmaker.knows("contract", "contract-1", opportunity="opportunity-1", legal_entity="US")
    said: dict[str, Any] = {"rate": {"amount": rate, "currency": currency}} if rate else {}
    entry = f"time_entry-{number}"
    await clockmaker.knows("time_entry", entry, project=PROJECT, day=day, hours=hours, billable=str(billable).lower(),
                           approval={"state": "approved"}, **said)  # fmt: skip
    approved = TimeApproved.model_validate({"time_entry": entry, "project": PROJECT, "day": day, "at": None})
    await clockmaker.happens(approved)


async def invoiced(clockmaker: Any, *numbers: int, state: str | None = None) -> None:
    covers = [f"billing-item-of-time_entry-{number}" for number in numbers]
    await clockmaker.knows("invoice", "invoice-1", contract="contract-1", state=state, lines=[{"covers": covers}])
    event = InvoicePosted(invoice="invoice-1") if state else InvoiceDrafted(
        invoice="invoice-1", amount=Money.of(800 * len(numbers), "USD")
    )  # fmt: skip
    await clockmaker.happens(event)


async def month(clockmaker: Any) -> Any:
    (row,) = await clockmaker.world.pool.fetch("select * from work_months")
    return row


async def test_approved_work_is_open_until_it_is_on_a_draft(clockmaker: Any) -> None:
    await worked(clockmaker, 1)
    await worked(clockmaker, 2, hours="4")
    await invoiced(clockmaker, 1)

    row = await month(clockmaker)

    assert (row["lines"], row["hours"], row["approved"]) == (2, 12, 1200)
    assert (row["drafted_lines"], row["drafted"], row["billed_lines"], row["open_hours"]) == (1, 800, 0, 4)
    assert (row["legal_entity"], row["engagement"], row["period"]) == ("US", "opportunity-1", "2026-11")


async def test_what_is_in_the_books_is_billed(clockmaker: Any) -> None:
    await worked(clockmaker, 1)
    await invoiced(clockmaker, 1, state="posted")

    row = await month(clockmaker)

    assert (row["drafted_lines"], row["billed_lines"], row["billed"], row["oldest_open"]) == (0, 1, 800, None)


async def test_a_void_invoice_bills_nothing(clockmaker: Any) -> None:
    await worked(clockmaker, 1)
    await invoiced(clockmaker, 1, state="void")

    assert (await month(clockmaker))["billed_lines"] == 0


async def test_a_line_without_a_rate_or_in_another_currency_is_worth_nobody_knows_what(clockmaker: Any) -> None:
    await worked(clockmaker, 1)
    await worked(clockmaker, 2, rate=None)
    await worked(clockmaker, 3, currency="EUR")

    row = await month(clockmaker)

    assert (row["lines"], row["unpriced"], row["approved"]) == (3, 2, Decimal(800))


async def test_what_is_not_billable_is_not_waited_for(clockmaker: Any) -> None:
    await worked(clockmaker, 1, billable=False)

    assert await clockmaker.world.pool.fetch("select * from work_months") == []
    assert await clockmaker.world.pool.fetch("select * from clocks") == []


async def test_the_month_s_clock_runs_until_its_cut_off(clockmaker: Any) -> None:
    await worked(clockmaker, 1)

    clock = await clockmaker.clock("work_billed")

    assert (clock["subject"], clock["engagement"], clock["amount"]) == ("project-1/2026-11", "opportunity-1", 800)
    assert clock["due_at"] == datetime(2026, 12, 4, 17, tzinfo=UTC), "noon in New York"


async def test_it_ends_when_nothing_is_left_to_bill(clockmaker: Any) -> None:
    await worked(clockmaker, 1)
    await worked(clockmaker, 2)
    await invoiced(clockmaker, 1)
    half = (await clockmaker.clock("work_billed"))["state"]

    clockmaker.world.clock.advance(60)
    await invoiced(clockmaker, 1, 2, state="posted")

    assert (half, (await clockmaker.clock("work_billed"))["state"]) == ("running", "met")


async def test_late_work_starts_the_month_s_clock_again(clockmaker: Any) -> None:
    await worked(clockmaker, 1)
    await invoiced(clockmaker, 1, state="posted")
    clockmaker.world.clock.now += timedelta(days=30)

    await worked(clockmaker, 2)

    rows = await clockmaker.world.pool.fetch("select state from clocks where hop = 'work_billed' order by seq")
    assert [row["state"] for row in rows] == ["met", "running"]


async def test_how_far_a_company_s_month_is_is_noted_as_it_goes(clockmaker: Any) -> None:
    await worked(clockmaker, 1)
    clockmaker.world.clock.advance(60)
    await worked(clockmaker, 2)
    clockmaker.world.clock.advance(60)
    await invoiced(clockmaker, 1)

    rows = await clockmaker.world.pool.fetch("select lines, done from billing_progress order by at")
    assert [tuple(row) for row in rows] == [(1, 0), (2, 0), (2, 1)]
