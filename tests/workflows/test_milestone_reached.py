"""A milestone that is reached is told to sales, and lets the billing plan be looked at again."""

from typing import Any

import pytest

from tests.core.billing.conftest import changed, entities
from throughline.core.delivery_events import MilestoneReached, MilestoneReopened
from throughline.core.entities import Task
from throughline.core.errors import Retry
from throughline.core.events import PlanDue
from throughline.core.roles import Role
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import World
from throughline.workflows.milestone_reached import milestone_reached

HALYARD = load(FIRM)


def milestone(number: int, **more: Any) -> Task:
    told = {"id": f"m{number}", "project": "plant", "title": f"Stage {number}", "task_kind": "milestone"}
    return Task.model_validate({**told, "position": number, "billable": True, **more})


@pytest.fixture
def world() -> World:
    world = World(HALYARD)
    plant = {"plant": {"opportunity": "opportunity-1"}}
    world.knows(*changed(entities(), plant), milestone(1), milestone(2), milestone(3))
    return world


def progress(world: World) -> str | None:
    return world.system(Role.CRM).ours("handoff").get("handoff-of-opportunity-1", {}).get("progress")


async def test_a_milestone_completed_in_the_psa_is_reached_and_taken_back_it_is_not(world: World) -> None:
    world.knows(milestone(1, completed=True))
    world.knows(milestone(1, completed=True, title="Stage one"))
    world.knows(milestone(1, completed=False))

    told = [each for each in world.events if isinstance(each, MilestoneReached | MilestoneReopened)]
    assert told == [
        MilestoneReached(milestone="m1", project="plant"),
        MilestoneReopened(milestone="m1", project="plant"),
    ]


async def test_sales_sees_how_far_the_work_has_come_and_finance_looks_at_the_plan(world: World) -> None:
    world.knows(milestone(1, completed=True), milestone(2, completed=True))

    assert await world.run(milestone_reached, MilestoneReached(milestone="m2", project="plant")) == "done"

    assert progress(world) == "0 of 0 roles staffed; 2 of 3 milestones reached, last Stage 2"
    assert PlanDue(contract="frame", milestone="m2") in world.events


async def test_what_is_taken_back_is_told_as_well(world: World) -> None:
    world.knows(milestone(1, completed=True))
    await world.run(milestone_reached, MilestoneReached(milestone="m1", project="plant"))
    world.knows(milestone(1, completed=False))

    await world.run(milestone_reached, MilestoneReopened(milestone="m1", project="plant"))

    assert progress(world) == "0 of 0 roles staffed; 0 of 3 milestones reached"


async def test_a_deal_that_cannot_be_told_delays_no_invoice(world: World) -> None:
    world.knows(milestone(1, completed=True))
    world.fail(Role.CRM, Retry("maintenance"))

    assert await world.run(milestone_reached, MilestoneReached(milestone="m1", project="plant")) == "retrying"

    assert PlanDue(contract="frame", milestone="m1") in world.events
