"""What becomes of an invoice is told on the deal, on the project and on the account, once each."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from throughline.core.cash_events import InvoiceStatusChanged
from throughline.core.entities import Contract, CreditMemo, Customer, Invoice, Project
from throughline.core.errors import Hold
from throughline.core.events import Event, InvoiceCredited, InvoiceOverdue, InvoicePaid, InvoicePosted, InvoiceSent
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import Died, World
from throughline.workflows.account_receivables import account_receivables
from throughline.workflows.billing_status import billing_status
from throughline.workflows.invoice_status import invoice_status

HALYARD = load(FIRM)
POSTED, SENT = InvoicePosted(invoice="invoice-1"), InvoiceSent(invoice="invoice-1")
PAID = InvoicePaid(invoice="invoice-1")
REFUSED = Hold("they refuse it", fix="Correct it, then release.")
RAIL = Customer.model_validate({"id": "customer-rail", "name": "Meridian Rail Ltd", "currency": "GBP"})
CONTRACT = Contract.model_validate(
    {"id": "contract-1", "name": "Timetable review", "customer": RAIL.id, "opportunity": "opportunity-1",
     "legal_entity": "UK", "currency": "GBP", "commercial_model": "fixed_fee", "billing_method": "on_schedule",
     "revenue_treatment": "over_time", "starts": date(2026, 1, 1), "value": Money.of(5000, "GBP")}
)  # fmt: skip
PROJECT = Project.model_validate(
    {"id": "project-1", "name": "Timetable review", "customer": RAIL.id, "contract": "contract-1", "currency": "GBP"}
)


def amount(value: str) -> dict[str, str]:
    return {"amount": value, "currency": "GBP"}


def invoice(state: str = "posted", open_amount: str = "1200.00", **more: Any) -> Invoice:
    told = {"id": "invoice-1", "number": "INV1", "customer": RAIL.id, "contract": "contract-1", "currency": "GBP",
            "state": state, "issued_on": "2026-01-02", "due_on": "2026-01-31", "net": amount("1000.00"),
            "total": amount("1200.00"), "open_amount": amount(open_amount)}  # fmt: skip
    return Invoice.model_validate({**told, **more})


@pytest.fixture
def world() -> World:
    world = World(HALYARD)
    world.knows(RAIL, CONTRACT, PROJECT, invoice())
    return world


async def hears(world: World, news: Event) -> str:
    """What becomes of an invoice, and what becomes of that."""
    before = len(told(world))
    await world.run(invoice_status, news)
    states = [await world.run(billing_status, each) for each in told(world)[before:]]
    return states[-1] if states else "nothing"


def page(world: World, role: Role, kind: str) -> dict[str, Any]:
    (record,) = world.system(role).records(kind).values()
    return record


def told(world: World) -> list[InvoiceStatusChanged]:
    return [event for event in world.events if isinstance(event, InvoiceStatusChanged)]


async def test_a_posted_invoice_is_told_on_its_deal_and_on_its_project(world: World) -> None:
    assert await hears(world, POSTED) == "done"

    deal, project = page(world, Role.CRM, "billing_status"), page(world, Role.PSA, "billing_status")
    assert (deal["opportunity"], project["project"]) == ("opportunity-1", "project-1")
    assert deal["summary"] == project["summary"] == "open 1,200.00 GBP; INV1 posted"
    assert (deal["billed"], deal["open_amount"], deal["settled"]) == (
        amount("1200.00"), amount("1200.00"), amount("0.00"),
    )  # fmt: skip


async def test_the_same_news_again_is_told_nobody(world: World) -> None:
    await hears(world, POSTED)
    steps = list(world.steps)

    await world.run(invoice_status, POSTED)
    await world.run(billing_status, told(world)[0])

    assert world.steps == steps


async def test_an_invoice_paid_in_part_credited_and_paid_is_followed_to_its_end(world: World) -> None:
    await hears(world, POSTED)
    world.knows(invoice("partly_paid", "800.00"))
    await hears(world, SENT)
    part = page(world, Role.CRM, "billing_status")["summary"]

    memo = {"id": "memo-1", "customer": RAIL.id, "invoice": "invoice-1", "currency": "GBP", "total": amount("800.00")}
    world.knows(CreditMemo.model_validate(memo), invoice("paid", "0.00"))
    await hears(world, PAID)

    assert part == "open 800.00 GBP; INV1 partly paid"
    deal = page(world, Role.CRM, "billing_status")
    assert deal["summary"] == "nothing open; INV1 paid"
    assert (deal["credited"], deal["settled"], deal["open_amount"]) == (
        amount("800.00"), amount("1200.00"), amount("0.00"),
    )  # fmt: skip
    assert [(each.state, each.open_amount and str(each.open_amount)) for each in told(world)] == [
        ("posted", "1,200.00 GBP"), ("partly_paid", "800.00 GBP"), ("paid", "0.00 GBP"),
    ]  # fmt: skip


async def test_an_overdue_invoice_is_told_as_late(world: World) -> None:
    await hears(world, POSTED)
    world.now = datetime(2026, 2, 1, tzinfo=UTC)

    await hears(world, InvoiceOverdue(invoice="invoice-1", due_on=date(2026, 1, 31)))

    deal = page(world, Role.CRM, "billing_status")
    assert deal["overdue"] == amount("1200.00")
    assert deal["summary"] == "open 1,200.00 GBP, overdue 1,200.00 GBP; INV1 overdue since 2026-01-31"
    assert told(world)[-1].overdue


async def test_every_invoice_of_the_contract_counts(world: World) -> None:
    world.knows(invoice(id="invoice-2", number="INV2", issued_on="2026-02-02"))

    await hears(world, POSTED)

    assert page(world, Role.CRM, "billing_status")["open_amount"] == amount("2400.00")


async def test_two_invoices_of_a_contract_share_a_lane_so_that_neither_overwrites_the_other_s_news() -> None:
    first = CHANGED.model_copy(update={"invoice": "invoice-1"})
    second = CHANGED.model_copy(update={"invoice": "invoice-2"})

    assert billing_status.lane(first) == billing_status.lane(second) == "contract-1"


async def test_a_draft_is_told_nobody_as_debt(world: World) -> None:
    world.knows(invoice("draft"))

    await hears(world, InvoiceCredited(invoice="invoice-1", credit_memo="memo-1", amount=Money.of(1, "GBP")))

    assert told(world) == []


async def test_an_invoice_of_no_contract_is_nobodys_news(world: World) -> None:
    world.knows(invoice(contract=None))

    assert await hears(world, POSTED) == "done"
    assert world.steps == ["emit InvoiceStatusChanged"]


async def test_what_the_psa_refuses_is_held_and_the_deal_hears_of_it(world: World) -> None:
    world.system(Role.PSA).refuses(REFUSED)

    assert await hears(world, POSTED) == "held"

    assert [(hold.part, hold.owner) for hold in world.holds] == [("delivery", "PMO")]
    assert page(world, Role.CRM, "billing_status")["summary"]

    world.system(Role.PSA).refuses(None)
    await world.release()
    assert page(world, Role.PSA, "billing_status")["summary"] == "open 1,200.00 GBP; INV1 posted"


@pytest.mark.parametrize("effects", [1, 2])
async def test_a_crash_at_any_step_changes_nothing(world: World, effects: int) -> None:
    await world.run(invoice_status, POSTED)
    world.dies_after(effects)
    with pytest.raises(Died):
        await world.run(billing_status, told(world)[0])

    await world.run(billing_status, told(world)[0])

    assert len(world.system(Role.CRM).records("billing_status")) == 1
    assert len(world.system(Role.PSA).records("billing_status")) == 1


# The account


CHANGED = InvoiceStatusChanged.model_validate(
    {
        "customer": RAIL.id,
        "contract": "contract-1",
        "invoice": "invoice-1",
        "state": "posted",
        "open_amount": amount("1200.00"),
    }
)


async def test_the_account_shows_what_is_open_late_and_to_come(world: World) -> None:
    assert await world.run(account_receivables, CHANGED) == "done"

    shown = page(world, Role.CRM, "receivables")
    assert (shown["customer"], shown["as_of"]) == (RAIL.id, "2026-01-05")
    assert (shown["outstanding"], shown["overdue"], shown["backlog"]) == (
        amount("1200.00"), amount("0.00"), amount("4000.00"),
    )  # fmt: skip
    assert shown["days_sales_outstanding"] == "90"
    assert shown["summary"] == "open 1,200.00 GBP, overdue 0.00 GBP, backlog 4,000.00 GBP, DSO 90.0 days"


async def test_what_an_account_owes_in_another_currency_is_in_the_summary_and_in_no_amount(world: World) -> None:
    world.knows(RAIL.model_copy(update={"currency": "EUR"}))

    await world.run(account_receivables, CHANGED)

    shown = page(world, Role.CRM, "receivables")
    assert "open 1,200.00 GBP" in shown["summary"]
    assert "outstanding" not in shown
