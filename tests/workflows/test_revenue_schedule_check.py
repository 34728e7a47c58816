"""What the books plan to recognise for a contract is held against what the contract promises."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.entities import Contract, RevenueSchedule
from throughline.core.money import Money
from throughline.core.revenue_events import RevenueScheduleChanged
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import World
from throughline.workflows.revenue_schedule_check import revenue_schedule_check

HALYARD = load(FIRM)
CHANGED = RevenueScheduleChanged(revenue_schedule="schedule-1", contract="contract-1", total=Money.of("100", "GBP"))


def gbp(amount: str) -> Money:
    return Money.of(amount, "GBP")


def line(key: str, amount: str, model: str = "fixed_fee") -> dict[str, Any]:
    return {"key": key, "commercial_model": model, "quantity": Decimal(1), "unit_price": gbp(amount),
            "amount": gbp(amount)}  # fmt: skip


def contract(**more: Any) -> Contract:
    return Contract.model_validate({
        "id": "contract-1", "name": "Timetable platform", "customer": "customer-1", "legal_entity": "UK",
        "currency": "GBP", "commercial_model": "fixed_fee", "billing_method": "on_schedule",
        "revenue_treatment": "straight_line", "starts": date(2026, 1, 1), "value": gbp("100.00"),
        "lines": [line("1", "100.00")], **more,
    })  # fmt: skip


def schedule(total: str = "100.00", *parts: str, currency: str = "GBP") -> RevenueSchedule:
    amounts = parts or (total,)
    return RevenueSchedule.model_validate({
        "id": "schedule-1", "contract": "contract-1", "treatment": "straight_line", "currency": currency,
        "total": Money.of(total, currency),
        "lines": [{"period": f"P{at}", "amount": Money.of(each, currency), "recognised": False}
                  for at, each in enumerate(amounts)],
    })  # fmt: skip


@pytest.fixture
def world() -> World:
    return World(HALYARD)


async def test_a_schedule_that_agrees_with_its_contract_is_done(world: World) -> None:
    world.knows(contract(), schedule("100.00", "33.33", "33.33", "33.34"))

    assert await world.run(revenue_schedule_check, CHANGED) == "done"
    assert (world.holds, world.steps) == ([], [])


@pytest.mark.parametrize(("total", "says"), [("99.99", "0.01 GBP too little"), ("110.00", "10.00 GBP too much")])
async def test_a_difference_is_finance_s_with_both_totals(world: World, total: str, says: str) -> None:
    world.knows(contract(), schedule(total))

    assert await world.run(revenue_schedule_check, CHANGED) == "held"

    (hold,) = world.holds
    assert hold.why == (
        f"The total of the revenue schedule of Timetable platform is {total} GBP, and the contract promises"
        f" 100.00 GBP: {says}"
    )
    assert hold.owner == HALYARD.policies.hold_owner("finance")
    assert hold.amount == abs(gbp(total) - gbp("100.00"))


async def test_periods_that_lose_a_cent_of_the_total_are_held(world: World) -> None:
    world.knows(contract(), schedule("100.00", "33.33", "33.33", "33.33"))

    await world.run(revenue_schedule_check, CHANGED)

    assert "is 99.99 GBP, and its total is 100.00 GBP: 0.01 GBP too little" in world.holds[0].why


async def test_a_schedule_that_is_corrected_lets_the_run_go_on(world: World) -> None:
    world.knows(contract(), schedule("90.00"))
    await world.run(revenue_schedule_check, CHANGED)

    world.knows(schedule())
    await world.release()

    assert world.holds == []


async def test_a_ledger_that_keeps_a_schedule_for_each_line_is_held_against_their_sum(world: World) -> None:
    world.knows(contract(), schedule("60.00"))
    assert await world.run(revenue_schedule_check, CHANGED) == "held"

    world.knows(schedule("40.00").model_copy(update={"id": "schedule-2"}))
    await world.release()

    assert world.holds == []


async def test_a_contract_that_is_corrected_lets_the_run_go_on_too(world: World) -> None:
    world.knows(contract(), schedule("90.00"))
    await world.run(revenue_schedule_check, CHANGED)

    world.knows(contract(value=gbp("90.00"), lines=[line("1", "90.00")]))
    await world.release()

    assert world.holds == []


@pytest.mark.parametrize("model", ["time_and_materials", "usage"])
async def test_what_is_revenue_as_it_is_billed_is_in_no_schedule(world: World, model: str) -> None:
    world.knows(contract(lines=[line("1", "60.00"), line("2", "40.00", model)]), schedule("60.00"))

    assert await world.run(revenue_schedule_check, CHANGED) == "done"


async def test_a_contract_that_is_revenue_as_invoiced_has_nothing_to_compare(world: World) -> None:
    world.knows(contract(revenue_treatment="as_invoiced"), schedule("1.00"))

    assert await world.run(revenue_schedule_check, CHANGED) == "done"


async def test_totals_in_two_currencies_are_held(world: World) -> None:
    world.knows(contract(), schedule(currency="EUR"))

    await world.run(revenue_schedule_check, CHANGED)

    assert "the contract is in GBP" in world.holds[0].why


async def test_a_schedule_of_a_contract_nobody_handed_over_is_finance_s(world: World) -> None:
    world.knows(schedule())

    assert await world.run(revenue_schedule_check, CHANGED) == "held"
    assert world.holds[0].owner == HALYARD.policies.hold_owner("finance")
