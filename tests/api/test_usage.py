"""What meters said, handed in over HTTP: once each, all or none, and by any id of the project or its contract."""

from datetime import timedelta
from typing import Any

import pytest

from throughline.core.claims import Claim
from throughline.core.ownership import HUB
from throughline.hub.machine import Machine
from throughline.hub.settle import Settled, Settler
from throughline.store import entities
from throughline.store.database import transaction
from throughline.store.entities import Link

USAGE = "/api/v1/usage"
PROJECT, CONTRACT = "project-of-opportunity-1", "contract-of-opportunity-1"


@pytest.fixture(autouse=True)
async def opened(machine: Machine) -> None:
    """A contract that the ERP calls 4711, and its project."""
    settler = Settler(await machine.firms.current(), machine.workflows, machine.ids)
    claims = [
        (PROJECT, Claim("project", PROJECT, HUB, {"contract": CONTRACT, "name": "Kiln"})),
        (CONTRACT, Claim("contract", CONTRACT, HUB, {"name": "Kiln"})),
    ]
    async with transaction(machine.pool) as sql:
        await settler.claims(sql, claims, Settled(), now=machine.clock())
        await entities.link(sql, Link("netsuite", "contract", "4711", CONTRACT), now=machine.clock())


def reading(n: int = 1, **more: Any) -> dict[str, Any]:
    said = {"reference": f"meter-{n}", "of": PROJECT, "day": "2026-11-19", "quantity": "12.50", "unit": "each"}
    return {**said, "approved_by": "ops@halyard.example", **more}


def key(n: int = 1) -> dict[str, str]:
    return {"idempotency_key": f"key-{n}"}


async def kept(machine: Machine) -> list[dict[str, Any]]:
    rows = await machine.pool.fetch("select fields from entities where kind = 'usage_reading' order by id")
    return [row["fields"] for row in rows]


async def events(machine: Machine) -> list[str]:
    return [row["type"] for row in await machine.pool.fetch("select type from events order by seq")]


async def runs(machine: Machine) -> list[str]:
    return [row["lane"] for row in await machine.pool.fetch("select lane from runs")]


async def test_a_reading_is_kept_as_it_was_said_and_its_month_is_looked_at(caller: Any, machine: Machine) -> None:
    said = await caller.post(USAGE, {"readings": [reading()]}, **key())

    assert said.status == 200
    (told,) = said.json["readings"]
    assert (told["reference"], told["new"]) == ("meter-1", True)
    (fields,) = await kept(machine)
    assert (fields["id"], fields["project"], fields["quantity"]) == (told["id"], PROJECT, "12.5")
    assert await events(machine) == ["UsageApproved"]
    assert await runs(machine) == [f"work-to-invoice:{PROJECT}/2026-11"]


@pytest.mark.parametrize("of", [PROJECT, CONTRACT, "4711"])
async def test_the_project_is_found_by_any_of_its_ids(caller: Any, machine: Machine, of: str) -> None:
    assert (await caller.post(USAGE, {"readings": [reading(of=of)]}, **key())).status == 200

    assert [each["project"] for each in await kept(machine)] == [PROJECT]


async def test_the_same_request_again_is_answered_and_not_done(caller: Any, machine: Machine) -> None:
    first = await caller.post(USAGE, {"readings": [reading()]}, **key())
    again = await caller.post(USAGE, {"readings": [reading()]}, **key())

    assert again.json == first.json
    assert again.headers["idempotent-replayed"] == "true"
    assert await events(machine) == ["UsageApproved"]


async def test_a_reading_that_is_handed_in_again_says_nothing_new(caller: Any, machine: Machine) -> None:
    await caller.post(USAGE, {"readings": [reading()]}, **key(1))
    again = await caller.post(USAGE, {"readings": [reading()]}, **key(2))

    assert [each["new"] for each in again.json["readings"]] == [False]
    assert await events(machine) == ["UsageApproved"]


async def test_the_same_reference_with_another_quantity_is_a_correction(caller: Any, machine: Machine) -> None:
    await caller.post(USAGE, {"readings": [reading()]}, **key(1))
    await caller.post(USAGE, {"readings": [reading(quantity="13")]}, **key(2))

    assert [each["quantity"] for each in await kept(machine)] == ["13"]
    assert await events(machine) == ["UsageApproved", "UsageCorrected"]


async def test_what_nobody_approved_waits(caller: Any, machine: Machine) -> None:
    await caller.post(USAGE, {"readings": [reading(approved_by=None)]}, **key())

    assert len(await kept(machine)) == 1
    assert await events(machine) == []


async def test_one_that_means_nobody_is_named_and_none_is_taken(caller: Any, machine: Machine) -> None:
    said = await caller.post(USAGE, {"readings": [reading(1), reading(2, of="nowhere"), reading(1)]}, **key())

    assert said.problem["code"] == "invalid"
    assert said.problem["errors"] == [
        {"pointer": "#/readings/1", "detail": "nobody knows a project or a contract nowhere"},
        {"pointer": "#/readings/2", "detail": "its reference is sent twice"},
    ]
    assert await kept(machine) == []


async def test_a_contract_of_two_projects_does_not_say_which_is_meant(caller: Any, machine: Machine) -> None:
    settler = Settler(await machine.firms.current(), machine.workflows, machine.ids)
    async with transaction(machine.pool) as sql:
        other = ("project-2", Claim("project", "project-2", HUB, {"contract": CONTRACT}))
        await settler.claims(sql, [other], Settled(), now=machine.clock() + timedelta(seconds=1))

    said = await caller.post(USAGE, {"readings": [reading(of="4711")]}, **key())

    assert said.problem["errors"][0]["detail"] == f"4711 means project-2, {PROJECT}: name one of these projects"


@pytest.mark.parametrize(
    "wrong", [{"quantity": 0.1}, {"quantity": "much"}, {"day": "19.11.2026"}, {"unit": "gallon"}, {"price": "1"}]
)
async def test_what_is_not_exact_is_refused(caller: Any, machine: Machine, wrong: dict[str, Any]) -> None:
    said = await caller.post(USAGE, {"readings": [reading(**wrong)]}, **key())

    assert said.problem["code"] == "invalid"
    assert await kept(machine) == []


async def test_without_a_key_nothing_is_taken(caller: Any) -> None:
    said = await caller.post(USAGE, {"readings": [reading()]})

    assert said.problem["code"] == "missing_idempotency_key"
