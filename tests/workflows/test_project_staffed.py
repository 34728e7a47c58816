"""Whoever sold the work sees which of its roles are staffed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.core.billing.conftest import changed, entities
from throughline.core.delivery_events import AssignmentChanged
from throughline.core.entities import (
    Assignment,
    AssignmentId,
    Demand,
    DemandId,
    ProjectId,
    ResourceId,
)
from throughline.core.roles import Role
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import World
from throughline.workflows.project_staffed import project_staffed

HALYARD = load(FIRM)
PLANT = ProjectId("plant")
PUT = AssignmentChanged(assignment="a9", project=PLANT, resource="anna")


def needs(role: str) -> Demand:
    return Demand(id=DemandId(f"demand-{role}"), project=PLANT, role=role)


def put(id_: str, role: str | None, project: ProjectId = PLANT) -> Assignment:
    return Assignment(id=AssignmentId(id_), project=project, resource=ResourceId("anna"), role=role)


@pytest.fixture
def world() -> World:
    world = World(HALYARD, now=datetime(2026, 11, 28, 9, tzinfo=UTC))
    world.knows(
        *changed(entities(), {"plant": {"opportunity": "opportunity-1"}}), needs("Partner"), needs("Consultant")
    )
    frame = next(each for each in entities() if each.id == "frame")
    world.system(Role.ERP).has(frame, key="order-7", known_as="frame")
    return world


def forecast(world: World) -> dict[str, Any]:
    return world.system(Role.ERP).ours("cost_forecast")["cost-forecast-of-plant"]


def progress(world: World) -> str | None:
    return world.system(Role.CRM).ours("handoff").get("handoff-of-opportunity-1", {}).get("progress")


async def test_a_role_is_staffed_by_whoever_is_on_the_project_as_that(world: World) -> None:
    world.knows(put("a9", "Consultant"), put("a10", "Analyst"), put("a11", None))

    assert await world.run(project_staffed, PUT) == "done"

    assert progress(world) == "1 of 2 roles staffed, Partner missing; 0 of 0 milestones reached"


async def test_when_every_role_has_somebody_none_is_missing(world: World) -> None:
    world.knows(put("a9", "Consultant"), put("a10", "Partner"), put("a11", "Partner"))

    await world.run(project_staffed, PUT)

    assert progress(world) == "2 of 2 roles staffed; 0 of 0 milestones reached"


async def test_finance_sees_on_the_order_what_the_people_will_still_cost(world: World) -> None:
    world.knows(put("a9", "Consultant").model_copy(update={"hours": Decimal(40)}))

    assert await world.run(project_staffed, PUT) == "done"

    assert forecast(world)["cost_to_complete"] == {"amount": "2960.00", "currency": "EUR"}
    assert forecast(world)["contract"] == "frame"
    assert (forecast(world)["hours_to_complete"], forecast(world)["as_of"]) == ("40", "2026-11-28")


async def test_a_cost_nobody_knows_is_held_and_sales_is_told_all_the_same(world: World) -> None:
    strangers = {"boris": {"legal_entity": None}}
    world.knows(*[each for each in changed(entities(), strangers) if each.id == "boris"])
    world.knows(put("a9", "Partner").model_copy(update={"resource": "boris", "hours": Decimal(40)}))

    assert await world.run(project_staffed, PUT) == "held"

    assert [each.owner for each in world.holds] == ["Finance operations"]
    assert progress(world) == "1 of 2 roles staffed, Consultant missing; 0 of 0 milestones reached"


async def test_before_the_contract_is_in_the_ledger_nothing_is_written_there(world: World) -> None:
    world.system(Role.ERP).loses("contract", "order-7")
    world.knows(put("a9", "Consultant"))

    assert await world.run(project_staffed, PUT) == "waiting"

    assert world.system(Role.ERP).ours("cost_forecast") == {}


async def test_while_a_contract_is_held_elsewhere_there_is_no_second_hold_for_it(world: World) -> None:
    plant = {"plant": {"opportunity": "opportunity-1", "contract": "nowhere-yet"}}
    world.knows(*[each for each in changed(entities(), plant) if each.id == "plant"], put("a9", "Consultant"))

    assert await world.run(project_staffed, PUT) == "waiting"
    assert world.holds == []


async def test_somebody_put_on_a_project_that_was_not_opened_here_is_nobody_s_news(world: World) -> None:
    theirs = AssignmentChanged(assignment="a9", project="elsewhere", resource="anna")

    assert await world.run(project_staffed, theirs) == "done"
    assert world.steps == []
