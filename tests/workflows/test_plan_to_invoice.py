"""What a billing plan asks for is drafted on its day, each instalment once and for its own amount."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.core.billing.conftest import changed, entities
from throughline.core.entities import BillingPlan, Invoice, InvoiceState, Task
from throughline.core.events import ContractBooked, PlanDue
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import World
from throughline.workflows.plan_to_invoice import plan_to_invoice

HALYARD = load(FIRM)
BOOKED = ContractBooked(contract="frame")
DUE = PlanDue(contract="frame", milestone="golive")
FIRST, SECOND = "invoice-of-plan-1", "invoice-of-plan-2"
# Midnight in Berlin.
TENTH, LAST = datetime(2026, 11, 9, 23, tzinfo=UTC), datetime(2026, 11, 29, 23, tzinfo=UTC)


def plan(*instalments: tuple[str, str, str], **more: Any) -> BillingPlan:
    given = instalments or (("1", "2026-11-10", "600"), ("2", "2026-11-30", "400"))
    told: dict[str, Any] = {
        "id": "plan", "contract": "frame", "name": "Plant rollout, fixed fee", "plan_kind": "schedule",
        "currency": "EUR", "total": {"amount": "1000", "currency": "EUR"},
        "instalments": [
            {"key": key, "name": f"Part {key}", "due": due, "amount": {"amount": amount, "currency": "EUR"}}
            for key, due, amount in given
        ],
    }  # fmt: skip
    return BillingPlan.model_validate(told | more)


@pytest.fixture
def world() -> World:
    world = World(HALYARD, now=TENTH)
    frame = {"frame": {"commercial_model": "fixed_fee", "billing_plan": "plan"}}
    world.knows(*changed(entities(), frame), plan())
    return world


async def passes(world: World, *, at: datetime = TENTH) -> str:
    world.now = at
    return await world.run(plan_to_invoice, BOOKED)


def drafted(world: World) -> dict[str, tuple[str, str]]:
    """Day and amount of the invoices in the ERP, by our id."""
    invoices = world.system(Role.ERP).ours("invoice")
    return {id_: (each["issued_on"], each["lines"][0]["amount"]["amount"]) for id_, each in invoices.items()}


def is_out(world: World, id_: str, state: InvoiceState = InvoiceState.SENT) -> None:
    fields = world.system(Role.ERP).ours("invoice")[id_]
    world.knows(Invoice.model_validate({**fields, "id": id_, "state": state}))


async def test_nothing_is_drafted_before_its_day_begins_where_the_company_is(world: World) -> None:
    assert await passes(world, at=TENTH.replace(hour=22, minute=59)) == "waiting"
    assert drafted(world) == {}


async def test_an_instalment_is_drafted_on_its_day_and_the_next_is_waited_for(world: World) -> None:
    assert await passes(world) == "waiting"
    assert drafted(world) == {FIRST: ("2026-11-10", "600.00")}

    assert await passes(world, at=LAST) == "done"
    assert drafted(world) == {FIRST: ("2026-11-10", "600.00"), SECOND: ("2026-11-30", "400.00")}


async def test_a_second_pass_changes_nothing(world: World) -> None:
    await passes(world)
    steps = list(world.steps)
    await passes(world)

    assert world.steps == steps


async def test_what_is_out_is_not_drafted_again(world: World) -> None:
    await passes(world)
    is_out(world, FIRST)
    await passes(world, at=LAST)

    assert sorted(drafted(world)) == [FIRST, SECOND]


async def test_what_was_voided_is_drafted_anew(world: World) -> None:
    await passes(world)
    is_out(world, FIRST, InvoiceState.VOID)
    await passes(world)

    assert sorted(drafted(world)) == [FIRST, f"{FIRST}-2"]


async def test_a_plan_that_does_not_add_up_is_held_and_nothing_is_drafted(world: World) -> None:
    world.knows(plan(total={"amount": "1100", "currency": "EUR"}))

    assert await passes(world, at=LAST) == "held"
    assert {(each.owner, each.amount) for each in world.holds} == {("Finance operations", Money.of(100, "EUR"))}
    assert drafted(world) == {}


async def test_an_instalment_taken_off_the_plan_leaves_a_draft_to_take_away(world: World) -> None:
    await passes(world)
    world.knows(plan(("2", "2026-11-30", "1000")))

    assert await passes(world) == "held"
    assert [(each.part, each.amount) for each in world.holds] == [(f"draft {FIRST}", Money.of(600, "EUR"))]


def by_milestone() -> BillingPlan:
    waits = {"key": "1", "name": "Go-live", "due": "2026-11-10", "milestone": "Go-live"}
    return plan(instalments=[{**waits, "amount": {"amount": "1000", "currency": "EUR"}}])


def golive(**more: Any) -> Task:
    told = {"id": "golive", "project": "plant", "title": "Go-live", "task_kind": "milestone", "position": 9}
    return Task.model_validate({**told, "billable": True, **more})


REACHED: dict[str, Any] = {"completed": True, "completed_at": LAST, "completed_by": "pm.de@halyard.example"}


async def test_what_waits_for_a_milestone_is_not_due_by_its_day(world: World) -> None:
    world.knows(by_milestone(), golive())

    assert await passes(world, at=LAST) == "done"
    assert drafted(world) == {}


async def test_a_milestone_that_is_reached_is_drafted_once_on_the_day_it_was(world: World) -> None:
    world.knows(by_milestone(), golive())
    await passes(world, at=LAST)
    world.knows(golive(**REACHED))

    assert await world.run(plan_to_invoice, DUE) == "done"
    steps = list(world.steps)
    await world.run(plan_to_invoice, DUE)

    assert drafted(world) == {FIRST: ("2026-11-30", "1000.00")}
    assert world.steps == steps


async def test_a_milestone_nobody_planned_is_held_on_the_day_it_should_be_reached(world: World) -> None:
    world.knows(by_milestone())

    assert await passes(world, at=TENTH) == "held"
    assert {(each.owner, each.amount) for each in world.holds} == {("Finance operations", Money.of(1000, "EUR"))}
    assert drafted(world) == {}


async def test_a_milestone_taken_back_after_its_invoice_is_out_is_put_before_finance(world: World) -> None:
    world.knows(by_milestone(), golive(**REACHED))
    await passes(world, at=LAST)
    is_out(world, FIRST)
    world.knows(golive(completed=False))

    assert await world.run(plan_to_invoice, DUE) == "held"
    (asked,) = world.holds
    assert (asked.amount, asked.choices) == (Money.of(1000, "EUR"), ("leave it as invoiced",))
    world.answer(asked.name, "leave it as invoiced")
    assert await world.run(plan_to_invoice, DUE) == "done"


async def test_a_milestone_taken_back_before_its_invoice_is_out_leaves_a_draft_to_take_away(world: World) -> None:
    world.knows(by_milestone(), golive(**REACHED))
    await passes(world, at=LAST)
    world.knows(golive(completed=False))

    assert await world.run(plan_to_invoice, DUE) == "held"
    assert [(each.part, each.amount) for each in world.holds] == [(f"draft {FIRST}", Money.of(1000, "EUR"))]


async def test_a_contract_that_is_billed_by_the_hour_has_nothing_to_wait_for(world: World) -> None:
    world.knows(plan(total=None, instalments=[]))

    assert await passes(world) == "done"
    assert drafted(world) == {}
