"""People in step in the pretend world: who joins, moves and leaves, from their day on, and what a leaver leaves."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from throughline.core.entities import Assignment, Project, Resource
from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.core.staffing_events import ResourceJoined, ResourceLeft, ResourceMoved
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import Died, World
from throughline.workflows.people_in_step import people_in_step

HALYARD = load(FIRM)
MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
LAST_DAY = date(2026, 1, 9)
SATURDAY = datetime(2026, 1, 10, tzinfo=UTC)
JOINED = ResourceJoined(resource="resource-ana", effective=date(2026, 1, 5))
MOVED = ResourceMoved(resource="resource-ana", effective=date(2026, 1, 5), moved=("manager",))
LEFT = ResourceLeft(resource="resource-ana", effective=LAST_DAY)
PUT = "put resource into psa"


def ana(**but: Any) -> Resource:
    told = {"id": "resource-ana", "name": "Ana Ivic", "email": "ana@halyard.example", "active": True,
            "cost_centre": "Advisory UK", "legal_entity": "UK", "starts": "2026-01-05"}  # fmt: skip
    return Resource.model_validate({**told, **but})


def gone(**but: Any) -> Resource:
    return ana(active=False, ends=LAST_DAY, **but)


def bo(**but: Any) -> Resource:
    return Resource.model_validate({"id": "resource-bo", "name": "Bo", "email": "bo@halyard.example", **but})


def put_on(**but: Any) -> Assignment:
    told = {"id": "assignment-1", "project": "project-rail", "resource": "resource-ana", "role": "Architect",
            "hours": "40", "starts": "2026-01-12", "ends": "2026-01-16"}  # fmt: skip
    return Assignment.model_validate({**told, **but})


RAIL = Project.model_validate(
    {"id": "project-rail", "name": "Timetable review", "customer": "customer-rail", "currency": "GBP"}
    | {"rate_card": "Standard GBP"}
)


@pytest.fixture
def world() -> World:
    world = World(HALYARD, now=MONDAY)
    world.knows(RAIL)
    return world


def users(world: World) -> list[dict[str, Any]]:
    return list(world.system(Role.PSA).records("resource").values())


async def test_who_joins_becomes_a_user_of_the_psa(world: World) -> None:
    world.knows(ana())

    assert await world.run(people_in_step, JOINED) == "done"
    assert users(world) == [{"name": "Ana Ivic", "email": "ana@halyard.example"}]


async def test_who_joins_later_is_nobody_before_that_day(world: World) -> None:
    world.knows(ana(starts="2026-01-12"))

    assert await world.run(people_in_step, JOINED) == "waiting"
    assert users(world) == []

    world.now = datetime(2026, 1, 12, tzinfo=UTC)
    assert await world.run(people_in_step, JOINED) == "done"
    assert len(users(world)) == 1


async def test_who_is_there_at_the_same_address_is_not_made_again(world: World) -> None:
    world.system(Role.PSA).has(bo(name="A. Ivic", email="ana@halyard.example"), key="7")
    world.knows(ana())

    await world.run(people_in_step, JOINED)

    assert world.system(Role.PSA).records("resource") == {"7": {"name": "Ana Ivic", "email": "ana@halyard.example"}}


async def test_who_stays_as_they_are_is_told_once(world: World) -> None:
    world.knows(ana())
    for _ in range(3):
        await world.run(people_in_step, JOINED)

    assert world.steps == [PUT]


async def test_who_works_on_no_projects_has_no_place_in_the_psa(world: World) -> None:
    world.knows(ana(cost_centre="Head office"))

    assert await world.run(people_in_step, JOINED) == "done"
    assert world.steps == []


@pytest.mark.parametrize(
    ("but", "why"),
    [({"cost_centre": None}, "Ana Ivic has no cost centre"), ({"email": None}, "Ana Ivic has no work address")],
)
async def test_what_hr_has_to_say_first_is_asked_for(world: World, but: dict[str, Any], why: str) -> None:
    world.knows(ana(**but))

    assert await world.run(people_in_step, JOINED) == "held"
    (hold,) = world.holds
    assert (hold.why.startswith(why), hold.owner) == (True, "PMO")

    world.knows(ana())
    assert await world.run(people_in_step, JOINED) == "done"


async def test_another_manager_is_the_manager_in_the_psa_as_well(world: World) -> None:
    world.system(Role.PSA).has(bo(), key="8", known_as="resource-bo")
    world.knows(bo(), ana(manager="resource-bo"))

    await world.run(people_in_step, MOVED)

    assert [each.get("manager") for each in users(world)] == [None, "resource-bo"]


async def test_a_manager_who_is_not_in_the_psa_is_not_told_there(world: World) -> None:
    world.knows(bo(), ana(manager="resource-bo"))

    assert await world.run(people_in_step, MOVED) == "done"
    assert [each["name"] for each in users(world)] == ["Ana Ivic"]
    assert "manager" not in users(world)[0]


@pytest.mark.parametrize("effects", [1, 2])
@pytest.mark.parametrize("remembering", [True, False])
async def test_a_crash_at_any_effect_makes_nobody_twice(world: World, effects: int, *, remembering: bool) -> None:
    world.system(Role.PSA).has(bo(), key="8", known_as="resource-bo")
    world.knows(bo(), ana(manager="resource-bo"))
    world.dies_after(effects, remembering=remembering)
    with pytest.raises(Died):
        await world.run(people_in_step, JOINED)

    assert await world.run(people_in_step, JOINED) == "done"
    assert [(each["name"], each.get("manager")) for each in users(world)] == [
        ("Bo", None), ("Ana Ivic", "resource-bo"),
    ]  # fmt: skip


async def test_the_last_day_is_still_worked(world: World) -> None:
    world.system(Role.PSA).has(put_on(), key="1")
    world.knows(gone())
    world.now = SATURDAY - timedelta(seconds=1)

    assert await world.run(people_in_step, LEFT) == "waiting"


async def test_a_leaver_s_assignments_are_the_pmo_s_to_hand_over(world: World) -> None:
    world.system(Role.PSA).has(put_on(), key="1")
    world.knows(gone())
    world.now = SATURDAY

    assert await world.run(people_in_step, LEFT) == "held"
    (hold,) = world.holds
    assert (hold.owner, hold.amount) == ("PMO", Money.of("8400.00", "GBP"))
    assert hold.why == (
        "Ana Ivic left on 2026-01-09 and is still assigned to: "
        "Timetable review (Architect, 40 h until 2026-01-16, 8,400.00 GBP)"
    )


async def test_when_they_are_handed_over_the_hold_is_released(world: World) -> None:
    world.system(Role.PSA).has(put_on(), key="1")
    world.knows(gone())
    world.now = SATURDAY
    await world.run(people_in_step, LEFT)
    world.system(Role.PSA).loses("assignment", "1")

    await world.release()

    assert world.holds == []


async def test_what_ends_with_the_last_day_and_what_is_somebody_else_s_is_left_alone(world: World) -> None:
    world.system(Role.PSA).has(put_on(starts="2026-01-05", ends=LAST_DAY), key="1")
    world.system(Role.PSA).has(put_on(resource="resource-bo"), key="2")
    world.knows(gone())
    world.now = SATURDAY

    assert await world.run(people_in_step, LEFT) == "done"


async def test_a_project_that_was_not_opened_here_has_no_worth_anybody_knows(world: World) -> None:
    world.system(Role.PSA).has(put_on(project="project-other", hours=None, ends=None), key="1")
    world.knows(gone())
    world.now = SATURDAY

    await world.run(people_in_step, LEFT)

    (hold,) = world.holds
    assert hold.amount is None
    assert hold.why.endswith("project-other (Architect, nobody knows how many hours, worth unknown)")


async def test_who_left_nobody_says_when_is_asked_for(world: World) -> None:
    world.knows(ana(active=False))

    assert await world.run(people_in_step, LEFT) == "held"
    assert "nobody says since when" in world.holds[0].why


async def test_who_came_back_meanwhile_left_nothing(world: World) -> None:
    world.system(Role.PSA).has(put_on(), key="1")
    world.knows(gone())
    world.now = SATURDAY
    await world.run(people_in_step, LEFT)
    world.knows(ana())

    assert await world.run(people_in_step, LEFT) == "done"


async def test_without_hr_the_psa_says_itself_who_works_here(world: World) -> None:
    world.firm = without_hr(HALYARD)
    world.knows(ana())

    assert await world.run(people_in_step, JOINED) == "done"
    assert world.steps == []


def without_hr(firm: Firm) -> Firm:
    kept = tuple(each for each in firm.systems if Role.HR not in each.roles)
    owned = {kind: {name: "psa" if who == "hr" else who for name, who in fields.items()}
             for kind, fields in firm.ownership.items()}  # fmt: skip
    return firm.model_copy(update={"systems": kept, "ownership": owned})
