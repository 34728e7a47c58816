"""Whoever sold the work sees which of its roles are staffed."""

import pytest

from tests.core.billing.conftest import changed, entities
from throughline.core.delivery_events import AssignmentChanged
from throughline.core.entities import Assignment, AssignmentId, Demand, DemandId, ProjectId, ResourceId
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
    world = World(HALYARD)
    world.knows(
        *changed(entities(), {"plant": {"opportunity": "opportunity-1"}}), needs("Partner"), needs("Consultant")
    )
    return world


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


async def test_somebody_put_on_a_project_that_was_not_opened_here_is_nobody_s_news(world: World) -> None:
    theirs = AssignmentChanged(assignment="a9", project="elsewhere", resource="anna")

    assert await world.run(project_staffed, theirs) == "done"
    assert world.steps == []
