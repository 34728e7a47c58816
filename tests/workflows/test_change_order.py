"""Change orders in the pretend world: what is shown, who agrees, what is done where, and what cannot be missed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.entities import (
    ApprovalState,
    BillingFrequency,
    BillingMethod,
    ChangeOrder,
    ChangeOrderId,
    CommercialModel,
    CreditMemo,
    Customer,
    CustomerId,
    Invoice,
    Opportunity,
    OpportunityId,
    OpportunityLine,
    RevenueTreatment,
    ScopeChange,
    Stage,
)
from throughline.core.errors import Hold, Retry
from throughline.core.events import ChangeOrderApplied, ChangeOrderProposed, ContractBooked, OpportunityWon
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import Died, World
from throughline.workflows.change_order import change_order
from throughline.workflows.opportunity_to_project import opportunity_to_project

HALYARD = load(FIRM)
RAIL = Customer(id=CustomerId("customer-rail"), name="Meridian Rail Ltd", country="GB", tax_id="GB823456726")
PROPOSED = ChangeOrderProposed(change_order="change_order-1")
REFUSED = Hold("they refuse it", fix="Correct it, then release.")


def gbp(amount: str | int) -> Money:
    return Money.of(amount, "GBP")


DEAL = Opportunity(
    id=OpportunityId("opportunity-1"),
    name="Timetable review",
    customer=RAIL.id,
    stage=Stage.WON,
    amount=gbp(48000),
    currency="GBP",
    commercial_model=CommercialModel.FIXED_FEE,
    billing_method=BillingMethod.ON_SCHEDULE,
    billing_frequency=BillingFrequency.QUARTERLY,
    project_manager="pm.uk@halyard.example",
    legal_entity="UK",
    revenue_treatment=RevenueTreatment.OVER_TIME,
    service_line="Implementation",
    starts=date(2026, 2, 1),
    ends=date(2026, 7, 31),
    lines=(OpportunityLine(key="1", product="IMP-FIX", quantity=Decimal(1), unit_price=gbp(48000), amount=gbp(48000)),),
)


def change(amount: str = "12000", **but: Any) -> ChangeOrder:
    """More work, agreed by the customer, `but` for what a test is about."""
    less = amount.startswith("-")
    line = {"key": "q1", "product": "IMP-DAY", "amount_delta": gbp(amount), "quantity_delta": -1 if less else 1}
    line |= {"contract_line": "1"} if less else {"role": "Consultant", "description": "Second depot"}
    told = {
        "id": ChangeOrderId("change_order-1"),
        "name": "More timetable",
        "number": "Q-1",
        "amends": DEAL.id,
        "opportunity": OpportunityId("opportunity-2"),
        "state": ApprovalState.APPROVED,
        "currency": "GBP",
        "amount_delta": gbp(amount),
        "effective_from": date(2026, 5, 1),
        "new_end": date(2026, 9, 30),
        "lines": [line],
    }
    return ChangeOrder.model_validate({**told, **but})


async def opened() -> World:
    """A world in which the deal has become a contract and a project."""
    world = World(HALYARD)
    world.knows(RAIL)
    assert await world.run(opportunity_to_project, world.wins(DEAL)) == "done"
    world.steps.clear()
    return world


async def changed(order: ChangeOrder) -> World:
    world = await opened()
    world.knows(order)
    await world.run(change_order, PROPOSED)
    return world


def the(world: World, role: Role, kind: str) -> dict[str, Any]:
    (record,) = world.system(role).records(kind).values()
    return record


def page(world: World, deal: str = "opportunity-2") -> dict[str, Any]:
    pages = world.system(Role.CRM).records("handoff").values()
    return next(each for each in pages if each["opportunity"] == deal)


def amount(value: str) -> dict[str, str]:
    return {"amount": value, "currency": "GBP"}


def everything(world: World) -> dict[str, Any]:
    kinds = ("handoff", "billing_plan", "contract", "project", "task", "demand", "message")
    return {f"{role} {kind}": world.system(role).records(kind) for role in Role for kind in kinds}


# What is done


async def test_an_agreed_change_is_done_in_every_system_and_told_to_sales() -> None:
    world = await changed(change())

    assert world.holds == []
    contract, plan, project = (
        the(world, Role.ERP, "contract"),
        the(world, Role.ERP, "billing_plan"),
        the(world, Role.PSA, "project"),
    )
    assert [line["amount"] for line in contract["lines"]] == [amount("48000.00"), amount("12000.00")]
    assert (contract["value"], contract["ends"]) == (amount("60000.00"), "2026-09-30")
    assert [each["amount"] for each in plan["instalments"]] == [
        amount("24000.00"),
        amount("18000.00"),
        amount("18000.00"),
    ]
    assert (project["budget"], project["ends"]) == (amount("60000.00"), "2026-09-30")
    added = [each for each in world.system(Role.PSA).records("task").values() if "Second depot" in each["title"]]
    assert [each["budget"] for each in added] == [amount("12000.00")]
    assert {name: page(world)[name] for name in ("gate", "finance", "delivery")} == dict.fromkeys(
        ("gate", "finance", "delivery"), "done"
    )
    assert page(world)["change"].startswith("done, version 2: +12,000.00 GBP: contract 48,000.00 GBP to 60,000.00 GBP")
    assert page(world, DEAL.id)["contract_value"] == amount("60000.00")


async def test_a_plan_that_was_billed_to_its_end_is_billed_further() -> None:
    world = await changed(change())

    booked = [event for event in world.events if isinstance(event, ContractBooked)]

    assert booked == [ContractBooked(contract="contract-of-opportunity-1")] * 2, "by the deal, and by the change"


async def test_what_was_agreed_before_is_kept_as_a_version() -> None:
    world = await changed(change())
    world.knows(change("-6000", id="change_order-2", amount_delta=gbp(-6000)))

    await world.run(change_order, ChangeOrderProposed(change_order="change_order-2"))

    applied = [event for event in world.events if isinstance(event, ChangeOrderApplied)]
    assert [(each.version, each.value) for each in applied] == [(2, gbp(60000)), (3, gbp(54000))]
    versions = the(world, Role.ERP, "contract")["versions"]
    assert [each["before"] for each in versions] == [amount("48000.00"), amount("60000.00")]
    assert the(world, Role.PSA, "project")["budget"] == amount("54000.00")


async def test_a_change_is_done_once_however_often_the_run_passes() -> None:
    world = await changed(change())
    done, steps = everything(world), list(world.steps)

    assert await world.run(change_order, PROPOSED) == "done"

    assert (everything(world), world.steps) == (done, steps)


async def test_a_cancellation_leaves_nothing_to_bill() -> None:
    world = await changed(change("-48000", effective_from=date(2026, 2, 1), new_end=None))

    assert world.holds == []
    assert the(world, Role.ERP, "contract")["value"] == amount("0.00")
    assert the(world, Role.ERP, "billing_plan")["instalments"] == []
    assert the(world, Role.PSA, "project")["budget"] == amount("0.00")


def asked_for(**but: Any) -> ScopeChange:
    """A task of the plan that delivery wants paid for."""
    told = {"id": "scope_change-1", "name": "Second depot", "project": "project-of-opportunity-1", "state": "approved",
            "amount": gbp(12000), "hours": 80, "role": "Consultant", "starts": date(2026, 5, 1),
            "ends": date(2026, 9, 30)}  # fmt: skip
    return ScopeChange.model_validate({**told, **but})


ASKED = ChangeOrderProposed(change_order="scope_change-1", scope_change="scope_change-1")


async def test_a_change_that_began_in_delivery_goes_the_same_way_and_is_told_on_its_deal() -> None:
    world = await opened()
    tasks = len(world.system(Role.PSA).records("task"))
    world.knows(asked_for(state=ApprovalState.SUBMITTED))
    assert await world.run(change_order, ASKED) == "waiting"
    assert page(world, DEAL.id)["change"].startswith("+12,000.00 GBP: contract 48,000.00 GBP to 60,000.00 GBP")

    world.knows(asked_for())
    assert await world.run(change_order, ASKED) == "done"

    assert the(world, Role.ERP, "contract")["value"] == amount("60000.00")
    assert the(world, Role.PSA, "project")["budget"] == amount("60000.00")
    assert len(world.system(Role.PSA).records("task")) == tasks, "the task that asked for it is there already"
    assert page(world, DEAL.id)["change"].startswith("done, version 2: +12,000.00 GBP")
    assert page(world, DEAL.id)["contract_value"] == amount("60000.00")
    assert page(world, DEAL.id)["gate"] == "done"


async def test_an_end_that_delivery_asked_for_is_kept_while_a_half_of_the_change_hangs() -> None:
    world = await opened()
    world.knows(asked_for())
    world.system(Role.ERP).refuses(REFUSED)
    await world.run(change_order, ASKED)
    assert the(world, Role.PSA, "project")["ends"] == "2026-09-30"

    world.system(Role.ERP).refuses(None)
    await world.release()

    assert the(world, Role.ERP, "contract")["ends"] == "2026-09-30"


async def test_a_won_amendment_starts_no_project() -> None:
    world = await opened()
    before = len(world.events)

    world.knows(DEAL.model_copy(update={"id": "opportunity-2", "amended_contract": "800", "stage": Stage.NEGOTIATION}))
    world.knows(DEAL.model_copy(update={"id": "opportunity-2", "amended_contract": "800"}))

    assert [event for event in world.events[before:] if isinstance(event, OpportunityWon)] == []


# Who agrees


async def test_a_change_is_shown_with_amounts_before_anybody_agrees_and_nothing_is_done() -> None:
    world = await changed(change("250000"))

    (hold,) = world.holds
    now, then = hold.candidates
    assert (hold.owner, hold.choices) == ("Finance operations lead", ("approve", "decline"))
    assert (now["contract value"], then["contract value"]) == ("48,000.00 GBP", "298,000.00 GBP")
    assert then["project budget"] == "298,000.00 GBP"
    assert then["hours of Consultant"].startswith("+")
    assert {step for step in world.steps if step.startswith("put")} == {"put handoff into crm"}
    assert page(world)["change"].startswith("+250,000.00 GBP: contract 48,000.00 GBP to 298,000.00 GBP")

    world.answer(hold.name, "approve")
    await world.release()

    assert the(world, Role.ERP, "contract")["value"] == amount("298000.00")


async def test_a_large_reduction_is_agreed_to_as_well() -> None:
    world = await opened()
    world.knows(change("250000"), change("-250000", id="change_order-2", amount_delta=gbp(-250000)))
    await world.run(change_order, PROPOSED)
    world.answer("approval of +250,000.00 GBP", "approve")
    await world.release()

    off = change("-250000", id="change_order-2")
    line = off.lines[0].model_copy(update={"contract_line": "q1"})
    world.knows(off.model_copy(update={"lines": (line,)}))
    await world.run(change_order, ChangeOrderProposed(change_order="change_order-2"))

    assert [hold.name for hold in world.holds] == ["approval of -250,000.00 GBP"]


async def test_a_declined_change_does_nothing() -> None:
    world = await changed(change("250000"))

    world.answer("approval of +250,000.00 GBP", "decline")
    await world.release()

    assert (world.holds, page(world)["gate"]) == ([], "declined")
    assert the(world, Role.ERP, "contract")["value"] == amount("48000.00")


async def test_a_proposed_change_waits_for_the_customer_and_then_goes_on_by_itself() -> None:
    world = await opened()
    world.knows(change(state=ApprovalState.SUBMITTED))

    assert await world.run(change_order, PROPOSED) == "waiting"
    assert page(world)["gate"] == "agreed to here, waiting for the customer"
    assert the(world, Role.ERP, "contract")["value"] == amount("48000.00")

    world.knows(change())
    assert await world.run(change_order, PROPOSED) == "done"
    assert the(world, Role.ERP, "contract")["value"] == amount("60000.00")


async def test_a_rejected_change_does_nothing() -> None:
    world = await opened()
    world.knows(change(state=ApprovalState.SUBMITTED))
    await world.run(change_order, PROPOSED)

    world.knows(change(state=ApprovalState.REJECTED))

    assert await world.run(change_order, PROPOSED) == "done"
    assert (page(world)["gate"], page(world)["change"]) == ("rejected", "More timetable was rejected")
    assert the(world, Role.ERP, "contract")["value"] == amount("48000.00")


async def test_a_yes_that_was_taken_back_is_waited_for_anew() -> None:
    world = await opened()
    world.knows(change(state=ApprovalState.SUBMITTED))
    await world.run(change_order, PROPOSED)
    world.knows(change())
    world.knows(change(state=ApprovalState.SUBMITTED))

    assert await world.run(change_order, PROPOSED) == "waiting"
    assert the(world, Role.ERP, "contract")["value"] == amount("48000.00")

    world.knows(change())
    assert await world.run(change_order, PROPOSED) == "done"


# What cannot be missed


@pytest.mark.parametrize(
    ("away", "part", "words"),
    [
        (
            Role.PSA,
            "delivery",
            "the contract is at 60,000.00 GBP already in the ERP, and the project still at 48,000.00",
        ),
        (Role.ERP, "finance", "the contract is still at 48,000.00 GBP in the ERP, and the project at 60,000.00 GBP"),
    ],
)
async def test_half_a_change_is_a_hold_with_both_totals_and_the_other_half_goes_on(
    away: Role, part: str, words: str
) -> None:
    world = await opened()
    world.knows(change())
    world.system(away).refuses(REFUSED)

    await world.run(change_order, PROPOSED)

    whole, half = sorted(world.holds, key=lambda hold: hold.part is None)
    assert (whole.part, whole.owner, whole.amount) == (part, HALYARD.policies.hold_owner(part), gbp(12000))
    assert words in half.why
    assert half.amount == gbp(12000)
    assert page(world)[part] == "waiting: they refuse it"
    assert page(world)["change"].startswith(f"{part} waiting: +12,000.00 GBP")
    assert "contract_value" not in page(world, DEAL.id)
    assert [event for event in world.events if isinstance(event, ChangeOrderApplied)] == []

    world.system(away).refuses(None)
    await world.release()

    assert world.holds == []
    assert page(world)["change"].startswith("done, version 2")


async def test_a_change_of_a_deal_that_is_not_through_waits_for_it() -> None:
    world = World(HALYARD)
    world.knows(RAIL, change())
    world.fail(Role.PSA, Retry("away"))
    await world.run(opportunity_to_project, world.wins(DEAL))

    await world.run(change_order, PROPOSED)

    (hold,) = [each for each in world.holds if each.part == "gate"]
    assert (
        "Timetable review has not become a contract and a project yet: finance is done, delivery is waiting" in hold.why
    )
    assert the(world, Role.ERP, "contract")["value"] == amount("48000.00")

    world.mend(Role.PSA)
    await world.release()

    assert world.holds == []
    assert the(world, Role.ERP, "contract")["value"] == amount("60000.00")


async def test_a_change_below_what_was_billed_is_held_until_it_is_credited() -> None:
    world = await opened()
    ledger = world.system(Role.ERP)
    about = {"customer": RAIL.id, "currency": "GBP"}
    told = {**about, "id": "invoice-1", "contract": "contract-of-opportunity-1", "state": "posted", "net": gbp(40000)}
    ledger.has(Invoice.model_validate(told), key="7", known_as="invoice-1")
    world.knows(change("-10000"))

    await world.run(change_order, PROPOSED)

    (hold,) = world.holds
    assert "from 48,000.00 GBP to 38,000.00 GBP, and 40,000.00 GBP is billed already" in hold.why
    assert (hold.part, hold.amount) == ("gate", gbp(2000))
    assert the(world, Role.ERP, "contract")["value"] == amount("48000.00")

    line = {"key": "1", "quantity": 1, "unit_price": gbp(2000), "amount": gbp(2000)}
    memo = {**about, "id": "credit_memo-1", "invoice": "invoice-1", "total": gbp(2400), "lines": [line]}
    ledger.has(CreditMemo.model_validate(memo), key="8")
    await world.release()

    assert world.holds == []
    assert the(world, Role.ERP, "contract")["value"] == amount("38000.00")


# What a crash leaves


@pytest.mark.parametrize("remembering", [False, True])
async def test_a_crash_at_any_effect_leaves_the_same_in_the_end(*, remembering: bool) -> None:
    whole = await changed(change())
    effects = sum(step.startswith("put") for step in whole.steps)

    for at in range(1, effects + 1):
        world = await opened()
        world.knows(change())
        world.dies_after(at, remembering=remembering)
        with pytest.raises(Died):
            await world.run(change_order, PROPOSED)

        assert await world.run(change_order, PROPOSED) == "done"

        assert everything(world) == everything(whole), f"after effect {at} of {effects}"
