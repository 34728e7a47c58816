"""Clocks begin and end by what happens, stand still while a hold is open, and tell what is late, once."""

from datetime import timedelta
from typing import Any

from throughline.core.events import (
    ContractBooked,
    InvoiceDrafted,
    InvoicePosted,
    InvoiceVoided,
    OpportunityWon,
    ProjectOpened,
)
from throughline.core.money import Money
from throughline.hub.clocks.following import follow
from throughline.hub.clocks.looking import look

DEAL = "opportunity-1"
WON = OpportunityWon(opportunity=DEAL)
OPENED = ProjectOpened(project="project-1", opportunity=DEAL)
FINE = {"kind": "opportunity", "id_": DEAL, "amount": {"amount": "900", "currency": "USD"}, "legal_entity": "US"}


async def wins(clockmaker: Any) -> None:
    await clockmaker.knows(**FINE)
    await clockmaker.happens(WON)


async def opens(clockmaker: Any) -> None:
    """A process says so, so it belongs to the deal."""
    await clockmaker.knows("project", "project-1", opportunity=DEAL)
    await clockmaker.happens(OPENED)


async def test_a_won_deal_starts_its_clocks_with_what_it_is_worth(clockmaker: Any) -> None:
    await wins(clockmaker)

    clock = await clockmaker.clock("project_open")
    assert (clock["state"], clock["engagement"], clock["legal_entity"]) == ("running", DEAL, "US")
    assert (clock["amount"], clock["currency"]) == (900, "USD")
    assert clock["due_at"] == clock["began_at"] + timedelta(hours=4)


async def test_a_project_that_opens_in_time_meets_its_clock(clockmaker: Any) -> None:
    await wins(clockmaker)
    clockmaker.world.clock.advance(3600)

    await opens(clockmaker)

    clock = await clockmaker.clock("project_open")
    assert (clock["state"], clock["spent_seconds"]) == ("met", 3600)
    assert clock["look_at"] is None


async def test_one_that_opens_late_misses_it(clockmaker: Any) -> None:
    await wins(clockmaker)
    await clockmaker.passes(5)

    await opens(clockmaker)

    assert (await clockmaker.clock("project_open"))["state"] == "missed"


async def test_what_nothing_was_agreed_on_for_is_timed_and_not_judged(clockmaker: Any) -> None:
    await clockmaker.agree('hold_owners: { "*": Operations }\n')
    await wins(clockmaker)
    clockmaker.world.clock.advance(99999)

    await opens(clockmaker)

    clock = await clockmaker.clock("project_open")
    assert (clock["state"], clock["due_at"], clock["spent_seconds"]) == ("untimed", None, 99999)


async def test_what_is_near_and_then_late_is_told_once_each(clockmaker: Any) -> None:
    await clockmaker.agree(
        'hold_owners: { "*": Operations }\nslas: { project_open: { within: 4h, near_percent: 75 } }\n'
    )
    await wins(clockmaker)
    await clockmaker.passes(2)
    before = await clockmaker.told()

    await clockmaker.passes(1.1)
    near = await clockmaker.told()
    await clockmaker.passes(1)
    await clockmaker.passes(9)

    assert (before, near) == ([], [("SlaAtRisk", "project_open")])
    assert await clockmaker.told() == [("SlaAtRisk", "project_open"), ("SlaBreached", "project_open")]
    assert (await clockmaker.clock("project_open"))["breached_at"] is not None


async def test_an_alert_belongs_to_its_engagement(clockmaker: Any) -> None:
    await wins(clockmaker)
    await clockmaker.passes(9)

    row = await clockmaker.world.pool.fetchrow("select * from events where type = 'SlaBreached' order by seq limit 1")
    assert row["correlation"] == DEAL
    assert row["subject"] == row["fields"]["clock"]


async def test_a_hold_stops_a_clock_that_was_agreed_to_pause(clockmaker: Any) -> None:
    await wins(clockmaker)
    await clockmaker.passes(1)
    await clockmaker.holds(DEAL)
    await clockmaker.passes(30)

    standing = await clockmaker.clock("project_open")

    assert (standing["paused"], standing["due_at"], standing["breached_at"]) == (True, None, None)
    assert ("SlaBreached", "project_open") not in await clockmaker.told()
    assert ("SlaBreached", "contract_booked") in await clockmaker.told(), "that one was not agreed to pause"


async def test_released_it_goes_on_with_what_was_left(clockmaker: Any) -> None:
    await wins(clockmaker)
    await clockmaker.passes(1)
    await clockmaker.holds(DEAL)
    await clockmaker.passes(30)
    await clockmaker.releases(DEAL)
    await clockmaker.passes(1)

    running = await clockmaker.clock("project_open")

    assert running["paused"] is False
    assert running["due_at"] == running["began_at"] + timedelta(hours=34)


async def test_another_agreement_holds_for_what_runs_already(clockmaker: Any) -> None:
    await wins(clockmaker)

    await clockmaker.agree('hold_owners: { "*": Operations }\nslas: { project_open: { within: 2h } }\n')
    await clockmaker.tick()

    clock = await clockmaker.clock("project_open")
    assert clock["due_at"] == clock["began_at"] + timedelta(hours=2)


async def test_the_same_log_read_twice_makes_the_same_clocks(clockmaker: Any) -> None:
    await wins(clockmaker)
    before = await clockmaker.world.pool.fetch("select id from clocks order by id")

    await clockmaker.tick()
    assert await follow(clockmaker.world.machine, clockmaker.horizon) is False

    assert await clockmaker.world.pool.fetch("select id from clocks order by id") == before


async def test_what_was_late_before_anybody_watched_is_told_to_nobody(unwatched: Any) -> None:
    await unwatched.world.start(WON)
    unwatched.world.clock.advance(90_000)

    await unwatched.tick()

    assert (await unwatched.clock("project_open"))["breached_at"] is not None
    assert await unwatched.told() == []


async def test_a_declined_deal_is_late_for_nobody(clockmaker: Any) -> None:
    await wins(clockmaker)
    await clockmaker.knows("handoff", f"handoff-of-{DEAL}", gate="declined")

    await clockmaker.passes(9)

    assert (await clockmaker.clock("project_open"))["state"] == "given_up"
    assert await clockmaker.told() == []


async def test_an_invoice_runs_from_its_draft_to_the_books_and_on_to_the_money(clockmaker: Any) -> None:
    await clockmaker.knows("contract", "contract-1", opportunity=DEAL, legal_entity="US")
    await clockmaker.knows("invoice", "invoice-1", contract="contract-1")
    await clockmaker.happens(InvoiceDrafted(invoice="invoice-1", amount=Money.of(500, "USD")))
    drafted = await clockmaker.clock("invoice_posted")

    await clockmaker.knows("invoice", "invoice-1", net={"amount": "500", "currency": "USD"})
    await clockmaker.happens(InvoicePosted(invoice="invoice-1"))

    assert (drafted["engagement"], drafted["legal_entity"], drafted["amount"]) == (DEAL, "US", 500)
    assert (await clockmaker.clock("invoice_posted"))["state"] == "met"
    paid = await clockmaker.clock("invoice_paid")
    assert (paid["state"], paid["engagement"], paid["amount"]) == ("running", DEAL, 500)


async def test_a_draft_that_grows_is_one_clock_with_what_it_is_worth_now(clockmaker: Any) -> None:
    for amount in (500, 700):
        drafted = InvoiceDrafted(invoice="invoice-1", amount=Money.of(amount, "USD"))
        await clockmaker.happens(drafted, about=str(amount))

    assert (await clockmaker.clock("invoice_posted"))["amount"] == 700


async def test_a_draft_told_after_its_posting_does_not_run_for_ever(clockmaker: Any) -> None:
    await clockmaker.world.start(InvoicePosted(invoice="invoice-1"))
    await clockmaker.world.start(InvoiceDrafted(invoice="invoice-1", amount=Money.of(500, "USD")))

    await clockmaker.tick()

    assert await clockmaker.world.pool.fetchval("select count(*) from clocks where hop = 'invoice_posted'") == 0


async def test_two_workers_let_nothing_begin_or_be_told_twice(clockmaker: Any) -> None:
    await wins(clockmaker)
    clockmaker.world.clock.advance(40_000)
    async with clockmaker.world.pool.acquire() as other, other.transaction():
        await other.fetch("select * from clockwork for update")

        assert await follow(clockmaker.world.machine, clockmaker.horizon) is False
        assert await look(clockmaker.world.machine) == 0

    assert await clockmaker.told() == []


async def test_what_happened_is_counted_by_day(clockmaker: Any) -> None:
    await clockmaker.happens(WON)
    await clockmaker.happens(ContractBooked(contract="contract-1"))

    rows = await clockmaker.world.pool.fetch("select type, events from event_days order by type")
    assert [tuple(row) for row in rows] == [("ContractBooked", 1), ("OpportunityWon", 1)]


async def test_a_voided_invoice_is_neither_met_nor_missed(clockmaker: Any) -> None:
    await clockmaker.happens(InvoiceDrafted(invoice="invoice-1", amount=Money.of(500, "USD")))
    clockmaker.world.clock.advance(60)

    await clockmaker.happens(InvoiceVoided(invoice="invoice-1"))

    clock = await clockmaker.clock("invoice_posted")
    assert (clock["state"], clock["spent_seconds"], clock["look_at"]) == ("given_up", 60, None)
