"""When a project's margin falls below what the firm wants to keep, it is told once, and never guessed."""

from datetime import date
from typing import Any

import pytest

from throughline.core.cash_events import MarginBreached
from throughline.core.entities import Contract, Customer, Invoice, Project, TimeEntry
from throughline.core.events import InvoicePosted
from throughline.core.firm import Firm
from throughline.core.policies import Margins
from throughline.core.roles import Role
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import World
from throughline.workflows.margin_watch import margin_watch

HALYARD = load(FIRM)
FIRST, SECOND = InvoicePosted(invoice="invoice-1"), InvoicePosted(invoice="invoice-2")


def gbp(amount: int) -> dict[str, str]:
    return {"amount": f"{amount}.00", "currency": "GBP"}


RAIL = Customer.model_validate({"id": "customer-1", "name": "Meridian Rail Ltd"})
PROJECT = Project.model_validate(
    {"id": "project-1", "name": "Timetable review", "customer": RAIL.id, "contract": "contract-1", "currency": "GBP"}
)


def contract(model: str = "time_and_materials", value: int = 10000) -> Contract:
    return Contract.model_validate(
        {"id": "contract-1", "name": "Timetable review", "customer": RAIL.id, "legal_entity": "UK", "currency": "GBP",
         "commercial_model": model, "billing_method": "on_approved_time", "revenue_treatment": "as_invoiced",
         "starts": date(2026, 1, 1), "value": gbp(value)}
    )  # fmt: skip


def invoice(number: int) -> Invoice:
    """Of January, of February, and so on."""
    return Invoice.model_validate(
        {"id": f"invoice-{number}", "customer": RAIL.id, "contract": "contract-1", "project": "project-1",
         "currency": "GBP", "state": "posted", "issued_on": date(2026, number, 28)}
    )  # fmt: skip


def work(month: int, cost: int | None, rate: int = 100, **but: Any) -> TimeEntry:
    told = {"id": f"time_entry-{month}", "project": "project-1", "resource": "resource-1", "day": date(2026, month, 5),
            "hours": 10, "billable": True, "rate": gbp(rate), "cost_rate": None if cost is None else gbp(cost),
            "approval": {"state": "approved"}}  # fmt: skip
    return TimeEntry.model_validate({**told, **but})


def world_with(*known: Any, firm: Firm = HALYARD) -> World:
    world = World(firm)
    world.knows(RAIL, PROJECT, contract(), *known)
    return world


def told(world: World) -> list[MarginBreached]:
    return [event for event in world.events if isinstance(event, MarginBreached)]


def messages(world: World) -> list[str]:
    return [each["text"] for each in world.system(Role.CHAT).records("message").values()]


async def test_it_is_told_when_it_falls_below_and_not_while_it_stays_there() -> None:
    world = world_with(work(1, 70), invoice(1))
    await world.run(margin_watch, FIRST)
    assert told(world) == []

    world.knows(work(2, 95), invoice(2))
    await world.run(margin_watch, SECOND)

    (breached,) = told(world)
    assert (breached.project, str(breached.percent), str(breached.below_percent)) == ("project-1", "17.5", "20")
    (message,) = messages(world)
    assert message.startswith(
        "The margin of Timetable review for Meridian Rail Ltd fell from 30.0% to 17.5% by 2026-02-28."
    )

    world.knows(work(3, 95), invoice(3))
    await world.run(margin_watch, InvoicePosted(invoice="invoice-3"))
    assert len(told(world)) == 1


async def test_the_threshold_itself_is_kept() -> None:
    world = world_with(work(1, 80), invoice(1))

    await world.run(margin_watch, FIRST)

    assert told(world) == []


async def test_a_message_is_sent_once_however_often_the_run_passes() -> None:
    world = world_with(work(1, 90), invoice(1))

    await world.run(margin_watch, FIRST)
    await world.run(margin_watch, FIRST)

    assert (len(told(world)), len(messages(world))) == (1, 1)


async def test_of_a_price_that_is_agreed_what_is_left_counts() -> None:
    world = world_with(contract("fixed_fee", 1000), work(1, 81, billable=False), invoice(1))

    await world.run(margin_watch, FIRST)

    assert [str(each.percent) for each in told(world)] == ["19.0"]


@pytest.mark.parametrize("unknown", [{"cost": None}, {"cost": 99, "cost_rate": {"amount": "99", "currency": "EUR"}}])
async def test_hours_of_no_known_cost_make_it_unknown_and_nothing_is_told(unknown: dict[str, Any]) -> None:
    world = world_with(work(1, **unknown), invoice(1))

    assert await world.run(margin_watch, FIRST) == "done"

    assert (told(world), messages(world)) == ([], [])


async def test_hours_that_are_not_approved_do_not_count() -> None:
    world = world_with(work(1, 70), work(2, 500, day=date(2026, 1, 6), approval={"state": "submitted"}), invoice(1))

    await world.run(margin_watch, FIRST)

    assert told(world) == []


@pytest.mark.parametrize("rule", [None, Margins.model_validate({"below_percent": 20})])
async def test_a_firm_may_want_no_message_or_nothing_at_all(rule: Margins | None) -> None:
    policies = HALYARD.policies.model_copy(update={"margins": rule})
    world = world_with(work(1, 90), invoice(1), firm=HALYARD.model_copy(update={"policies": policies}))

    await world.run(margin_watch, FIRST)

    assert (len(told(world)), messages(world)) == (1 if rule else 0, [])
