"""An invoice that is open when its due day has passed is told, once."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from throughline.core.entities import Invoice
from throughline.core.events import InvoiceOverdue, InvoicePosted
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import World
from throughline.workflows.invoice_overdue import invoice_overdue

HALYARD = load(FIRM)
DUE = date(2026, 1, 31)
LAST_MOMENT = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
POSTED = InvoicePosted(invoice="invoice-1")
LATE = InvoiceOverdue(invoice="invoice-1", due_on=DUE)


def invoice(state: str = "sent", **more: Any) -> Invoice:
    told = {"id": "invoice-1", "customer": "customer-1", "currency": "EUR", "state": state, "due_on": DUE}
    return Invoice.model_validate({**told, **more})


def overdue(world: World) -> list[InvoiceOverdue]:
    return [event for event in world.events if isinstance(event, InvoiceOverdue)]


@pytest.fixture
def world() -> World:
    return World(HALYARD)


async def test_the_due_day_itself_is_in_time(world: World) -> None:
    world.knows(invoice())
    world.now = LAST_MOMENT

    assert await world.run(invoice_overdue, POSTED) == "waiting"
    assert overdue(world) == []


@pytest.mark.parametrize("state", ["posted", "sent", "partly_paid", "disputed"])
async def test_an_open_invoice_is_overdue_once_when_its_day_has_passed(world: World, state: str) -> None:
    world.knows(invoice(state))
    await world.run(invoice_overdue, POSTED)
    world.now = LAST_MOMENT + timedelta(seconds=1)

    assert await world.run(invoice_overdue, POSTED) == "done"
    await world.run(invoice_overdue, POSTED)
    assert overdue(world) == [LATE]


@pytest.mark.parametrize("state", ["paid", "void"])
async def test_an_invoice_that_was_settled_meanwhile_is_never_overdue(world: World, state: str) -> None:
    world.knows(invoice())
    await world.run(invoice_overdue, POSTED)
    world.knows(invoice(state))

    assert await world.run(invoice_overdue, POSTED) == "done"
    assert overdue(world) == []


async def test_a_due_day_that_was_moved_is_waited_for_anew(world: World) -> None:
    world.knows(invoice())
    await world.run(invoice_overdue, POSTED)
    world.knows(invoice(due_on=DUE + timedelta(days=7)))
    world.now = LAST_MOMENT + timedelta(seconds=1)

    assert await world.run(invoice_overdue, POSTED) == "waiting"
    assert overdue(world) == []


async def test_an_invoice_without_a_due_day_is_held(world: World) -> None:
    world.knows(invoice(due_on=None))

    assert await world.run(invoice_overdue, POSTED) == "held"
