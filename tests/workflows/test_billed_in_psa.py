"""What an invoice charges is marked where it was worked, once the invoice is out; and freed when it is void."""

from datetime import date
from typing import Any

import pytest

from tests.core.billing.conftest import entities
from tests.workflows.test_work_to_invoice import entry
from throughline.core.entities import Expense, Invoice
from throughline.core.events import InvoicePosted, InvoiceVoided
from throughline.core.roles import Role
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import World
from throughline.workflows.billed_in_psa import billed_in_psa

HALYARD = load(FIRM)
OUT, VOIDED = InvoicePosted(invoice="invoice-1"), InvoiceVoided(invoice="invoice-1")


def invoice(*covers: str, **more: Any) -> Invoice:
    money = {"amount": "1440", "currency": "EUR"}
    line = {"key": "1", "quantity": "8", "unit_price": money, "amount": money, "covers": list(covers)}
    return Invoice.model_validate({
        "id": "invoice-1", "number": "INV-7", "customer": "chemie", "contract": "frame", "project": "plant",
        "currency": "EUR", "state": "posted", "issued_on": "2026-11-30", "starts": "2026-11-01", "ends": "2026-11-30",
        "lines": [line], **more,
    })  # fmt: skip


@pytest.fixture
def world() -> World:
    world = World(HALYARD)
    spent = {"id": "e1", "project": "plant", "day": "2026-11-12", "billable": True,
             "amount": {"amount": "119", "currency": "EUR"}}  # fmt: skip
    world.knows(*entities(), entry("t1"), entry("t2"), entry("t3", day=date(2026, 12, 1)))
    world.knows(Expense.model_validate(spent))
    return world


def marked(world: World) -> dict[str, Any]:
    return world.system(Role.PSA).ours("billed_work")


async def test_the_lines_of_an_invoice_that_is_out_are_marked_and_no_others(world: World) -> None:
    world.knows(invoice("billing-item-of-t1", "billing-item-of-e1", "billing-item-of-m1"))

    assert await world.run(billed_in_psa, OUT) == "done"

    (billed,) = marked(world).values()
    assert (billed["time_entries"], billed["expenses"], billed["number"]) == (["t1"], ["e1"], "INV-7")


async def test_a_line_that_a_retainer_paid_in_part_is_marked_whole(world: World) -> None:
    world.knows(invoice("billing-item-of-t2-beyond"))

    await world.run(billed_in_psa, OUT)

    assert [each["time_entries"] for each in marked(world).values()] == [["t2"]]


async def test_an_invoice_without_anybodys_work_marks_nothing(world: World) -> None:
    world.knows(invoice("billing-item-of-plan-1", starts=None, ends=None))

    assert await world.run(billed_in_psa, OUT) == "done"
    assert marked(world) == {}


async def test_what_a_void_invoice_charged_is_free_again(world: World) -> None:
    world.knows(invoice("billing-item-of-t1"))
    await world.run(billed_in_psa, OUT)
    world.knows(invoice("billing-item-of-t1", state="void"))

    await world.run(billed_in_psa, VOIDED)

    assert [each["void"] for each in marked(world).values()] == [True]


async def test_an_invoice_that_was_void_before_anybody_marked_it_marks_nothing(world: World) -> None:
    world.knows(invoice("billing-item-of-t1", state="void"))

    assert await world.run(billed_in_psa, OUT) == "done"
    assert marked(world) == {}
