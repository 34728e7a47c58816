"""Somebody whom two systems tell of is one entity, whoever speaks first; and nobody has a name before they are met."""

import asyncio
from typing import Any

import pytest

from tests.hub.conftest import FIRM, ask, judge, mapping, system
from throughline.core.connector import Connector, Http, Where
from throughline.core.entities import Assignment, AssignmentId, ProjectId, Resource, ResourceId
from throughline.core.errors import Hold
from throughline.core.forms import Record, Ref
from throughline.core.mapping import Mapping, Row
from throughline.core.roles import Role
from throughline.core.staffing_events import ResourceMoved
from throughline.core.workflow import Flow, workflow
from throughline.hub.settle import Settler
from throughline.store import entities, firm_versions
from throughline.store.database import transaction

PEOPLE = {
    "firm.yaml": FIRM["firm.yaml"],
    "systems/staff.yaml": system("staff", "hr"),
    "systems/studio.yaml": system("studio", "psa").replace("STUDIO_KEY", "TOKEN"),
    "ownership.yaml": 'resource: { "*": hr, role: psa }\nassignment: { "*": psa }\n',
    "policies.yaml": FIRM["policies.yaml"],
}


def with_pointer(read: Mapping, ours: str, kind: str) -> Mapping:
    return read.overlaid((Row(ours, ours, Ref(kind)),))


async def find(_http: Http, read: Mapping, where: Where) -> list[Record]:
    """The studio knows whose a booking is, by its own keys."""
    return [BOOKED] if read.resource == "bookings" and where.pointed == {"resource": "7"} else []


def connectors() -> dict[str, Connector]:
    workers = with_pointer(mapping(Resource, "workers", "name", "email", "active"), "manager", "resource")
    booked = with_pointer(mapping(Assignment, "bookings", "project", "starts"), "resource", "resource")
    users = mapping(Resource, "users", "name", "email", "role")
    return {
        "staff": Connector(name="staff", mappings=(workers,), judge=judge, ask=ask),
        "studio": Connector(name="studio", mappings=(users, booked), judge=judge, ask=ask, find=find),
    }


@workflow("whose", on=ResourceMoved, lane=lambda moved: moved.resource)
async def whose(flow: Flow, moved: ResourceMoved) -> None:
    like = Assignment(id=AssignmentId("assignment-any"), project=ProjectId(""), resource=ResourceId(moved.resource))
    (found,) = await flow.find(Assignment, at=Role.PSA, like=like)
    raise Hold(f"{found.key} of {found.fields['resource']}", fix="None.")


@pytest.fixture
async def world(world_of: Any, estate: Any, pool: Any, clock: Any) -> Any:
    await firm_versions.apply(pool, digest="people", files=PEOPLE, by="test", now=clock())
    return await world_of(estate, connectors(), whose)


def record(key: str, at: str = "11:00", **fields: Any) -> dict[str, Any]:
    return {"id": key, **fields, "changed": f"2026-11-20T{at}:00+00:00"}


ANA = record("W1", name="Ana Ivic", email="ana@firm.example")
ANA_AT_WORK = record("7", name="Ana", email=" Ana@Firm.example", role="Architect")
BOOKED = record("B1", project="project-1", resource="7")


async def people(world: Any) -> list[dict[str, Any]]:
    rows = await world.pool.fetch("select fields from entities where kind = 'resource' order by id")
    return [row["fields"] for row in rows]


async def named(world: Any, system: str, key: str) -> str | None:
    return (await entities.named(world.pool, system, [("resource", key)])).get(("resource", key))


async def booking(world: Any) -> Any:
    return await world.pool.fetchrow("select fields, unread, version from entities where kind = 'assignment'")


@pytest.mark.parametrize("hr_first", [True, False])
async def test_whoever_speaks_first_somebody_of_one_address_is_one(world: Any, *, hr_first: bool) -> None:
    heard = [("staff", ANA), ("studio", ANA_AT_WORK)]
    for name, said in heard if hr_first else reversed(heard):
        await world.heard(name, "resource", said)

    (ana,) = await people(world)
    assert {**ana, "id": ""} == {"id": "", "name": "Ana Ivic", "email": "ana@firm.example", "role": "Architect"}
    assert await named(world, "staff", "W1") == await named(world, "studio", "7") == ana["id"]


@pytest.mark.parametrize("hr_first", [True, False])
async def test_who_was_there_before_us_did_not_join_when_the_second_system_tells_of_them(
    world: Any, *, hr_first: bool
) -> None:
    heard = [("staff", {**ANA, "active": True}), ("studio", ANA_AT_WORK)]
    for name, said in heard if hr_first else reversed(heard):
        await world.heard(name, "resource", said, quiet=True)

    assert await world.pool.fetchval("select count(*) from events") == 0


async def test_who_joins_while_the_first_read_lasts_did_join(world: Any) -> None:
    await world.heard("staff", "resource", {**ANA, "active": False}, quiet=True)
    await world.heard("staff", "resource", {**ANA, "active": True, "changed": "2026-11-20T11:05:00Z"}, quiet=True)

    assert await world.pool.fetchval("select type from events") == "ResourceJoined"


async def test_two_of_one_system_with_one_address_stay_two(world: Any) -> None:
    await world.heard("staff", "resource", ANA, record("W2", name="The front desk", email="ana@firm.example"))

    assert {each["name"] for each in await people(world)} == {"Ana Ivic", "The front desk"}


async def test_nobody_is_known_by_an_address_that_is_not_there(world: Any) -> None:
    await world.heard("staff", "resource", record("W1", name="Ana", email=""), record("W2", name="Bo"))
    await world.heard("studio", "resource", record("7", name="Cy", role="Analyst"))

    assert len(await people(world)) == 3


async def test_another_address_is_the_same_person_and_known_by_both(world: Any) -> None:
    await world.heard("staff", "resource", ANA)
    await world.heard("staff", "resource", record("W1", "11:05", name="Ana Berg", email="ana.berg@firm.example"))
    await world.heard("studio", "resource", ANA_AT_WORK)

    (ana,) = await people(world)
    assert (ana["name"], ana["role"]) == ("Ana Berg", "Architect")


async def test_who_is_pointed_at_has_no_name_before_they_are_met(world: Any) -> None:
    await world.heard("studio", "assignment", BOOKED)

    assert (await booking(world))["unread"] == {"resource": "resource points at resource 7, which we have not met"}
    assert await named(world, "studio", "7") is None


async def test_what_pointed_at_somebody_is_read_again_when_they_are_met(world: Any) -> None:
    await world.heard("staff", "resource", ANA)
    await world.heard("studio", "assignment", BOOKED)
    await world.heard("studio", "resource", ANA_AT_WORK)

    booked = await booking(world)
    assert booked["fields"]["resource"] == await named(world, "staff", "W1")
    assert booked["unread"] == {}
    assert await world.pool.fetchval("select count(*) from unmet") == 0


async def test_a_system_is_asked_for_what_points_at_somebody_by_its_own_key(world: Any) -> None:
    await world.heard("staff", "resource", ANA)
    await world.heard("studio", "resource", ANA_AT_WORK)
    (ana,) = await people(world)

    await world.start(ResourceMoved(resource=ana["id"], effective=None, moved=("manager",)))
    await world.work()

    assert [hold["why"] for hold in await world.holds()] == [f"B1 of {ana['id']}"]


async def test_a_manager_on_a_later_page_is_the_one_another_system_knows(world: Any) -> None:
    await world.heard("studio", "resource", ANA_AT_WORK)
    await world.heard("staff", "resource", record("W2", name="Bo", email="bo@firm.example", manager="W1"))
    await world.heard("staff", "resource", ANA)

    bo = next(each for each in await people(world) if each.get("name") == "Bo")
    assert bo["manager"] == await named(world, "studio", "7")


async def test_two_systems_read_at_the_same_moment_name_somebody_once(world: Any) -> None:
    async with transaction(world.pool) as sql:
        await _heard(world, sql, "staff", ANA)
        other = asyncio.create_task(world.heard("studio", "resource", ANA_AT_WORK))
        await _blocked_or_done(world, other)
    await other

    assert len(await people(world)) == 1


async def _heard(world: Any, sql: Any, system: str, said: dict[str, Any]) -> None:
    applied = await world.machine.firms.current()
    settler = Settler(applied, (), world.machine.ids)
    await settler.records(sql, system, applied.mapping(system, "resource"), [said], now=world.clock())


async def _blocked_or_done(world: Any, other: asyncio.Task[Any]) -> None:
    """Until the other waits for a lock of ours, or did not have to."""
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    while not other.done() and not await world.pool.fetchval(waiting):
        await asyncio.sleep(0)
