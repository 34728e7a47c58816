"""A system that does not let us in: everybody who needs it waits, one hold says so, and all go on when it is mended."""

import asyncio
import json
from typing import Any

import pytest

from throughline.core.entities import Customer, Message
from throughline.core.events import OpportunityWon
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub import holds, lockouts
from throughline.hub.wire import Raw
from throughline.store import lanes

LANES = 500
REVOKED = Raw(401, {}, b'{"why":"revoked"}')
SHUT = Raw(400, {}, b'{"error":"invalid_client"}')


def lane(event: OpportunityWon) -> str:
    return event.opportunity


@workflow("bills", on=OpportunityWon, lane=lane)
async def bills(flow: Flow, event: OpportunityWon) -> None:
    async with flow.part("finance", amount=Money.of("100.00", "EUR")):
        number = event.opportunity.removeprefix("deal-")
        await flow.put(
            Customer.model_validate({"id": f"customer-{number}", "name": "M", "country": "GB"}), into=Role.ERP
        )


@workflow("tells", on=OpportunityWon, lane=lane)
async def tells(flow: Flow, event: OpportunityWon) -> None:
    await flow.put(
        Message.model_validate({"id": f"message-{event.opportunity}", "channel": "#d", "text": "x"}), into=Role.CHAT
    )


class Shut:
    """As long as it is shut, one system takes no credentials; everything else goes on to the estate."""

    def __init__(self, estate: Any, system: str, *, at_token: bool) -> None:
        self.system, self.at_token, self.calls, self.shut = system, at_token, 0, True
        self._exchange = estate.exchange
        estate.exchange = self.exchange

    async def exchange(self, request: Any) -> Raw:
        if f"{self.system}.example" in request.url:
            await asyncio.sleep(0)
            self.calls += 1
            is_token = request.url.endswith("/token")
            if self.shut and is_token == self.at_token:
                return SHUT if is_token else REVOKED
        return await self._exchange(request)


@pytest.fixture
async def machine(opened: Any) -> Any:
    return await opened(bills)


async def sold(world: Any, many: int, first: int = 0) -> None:
    for n in range(first, first + many):
        await world.start(OpportunityWon(opportunity=f"deal-{n:04}"))


async def work_together(*worlds: Any, at_once: int = 20) -> int:
    """Every worker works on whatever is due, many lanes at once, as workers do; says how many passes it took."""
    passes = 0
    while due := await lanes.due(worlds[0].pool, now=worlds[0].clock(), limit=at_once):
        passes += len(due)
        await asyncio.gather(
            *(worlds[n % len(worlds)].machine.runner(f"w{n % len(worlds)}").work(each) for n, each in enumerate(due))
        )
    return passes


async def until_done(*worlds: Any) -> None:
    for _ in range(3 * LANES):
        await work_together(*worlds)
        if not await worlds[0].pool.fetchval("select true from runs where state <> 'done' limit 1"):
            return
        worlds[0].clock.advance(1)
    raise AssertionError(await worlds[0].pool.fetch("select state, why, count(*) from runs group by 1, 2"))


@pytest.mark.parametrize("at_token", [True, False], ids=["no token", "token not accepted"])
async def test_five_hundred_lanes_make_one_hold_and_a_handful_of_calls_and_all_are_done_after_its_release(
    opened: Any, estate: Any, *, at_token: bool
) -> None:
    one, two = await opened(bills), await opened(bills, worker="worker-2")
    door = Shut(estate, "south", at_token=at_token)
    await sold(one, LANES)

    await work_together(one, two)
    met = door.calls
    for _ in range(30):
        one.clock.advance(60)
        await work_together(one, two)
    await lockouts.look_after(one.machine)

    (hold,) = await one.holds()
    assert await one.pool.fetchval("select count(*) from runs where state = 'waiting'") == LANES
    # Those under way when it was found out, and nobody afterwards.
    assert met <= 2 if at_token else met <= 3 * 20
    assert door.calls == met
    assert (hold["system"], hold["owner"], hold["waiting"]) == ("south", "Integration support", LANES)
    assert (hold["amount"], hold["currency"]) == (100 * LANES, "EUR")

    door.shut = False
    await holds.release(one.machine, hold["id"], person="ada")
    await until_done(one, two)

    assert await one.holds() == []
    assert len(estate.shelf("south", "customers")) == LANES
    assert await one.pool.fetchval("select count(*) from holds") == 1


async def test_if_it_is_still_shut_after_the_release_one_finds_out_and_the_hold_is_back(
    machine: Any, estate: Any
) -> None:
    door = Shut(estate, "south", at_token=True)
    await sold(machine, 50)
    await work_together(machine)
    (hold,) = await machine.holds()
    before = door.calls

    await holds.release(machine.machine, hold["id"], person="ada")
    for _ in range(30):
        machine.clock.advance(1)
        await work_together(machine)

    (again,) = await machine.holds()
    assert again["id"] != hold["id"]
    assert door.calls == before + 1
    assert await machine.pool.fetchval("select count(*) from runs where state = 'waiting'") == 50


async def test_a_new_secret_in_its_place_is_found_and_used_and_the_hold_closes_by_itself(
    machine: Any, estate: Any
) -> None:
    door = Shut(estate, "south", at_token=True)
    await sold(machine, 10)
    await work_together(machine)
    await lockouts.look_after(machine.machine)
    assert len(await machine.holds()) == 1

    door.shut = False
    machine.machine.firms.environ = {**machine.machine.firms.environ, "SOUTH_KEY": "a-new-secret"}
    await lockouts.look_after(machine.machine)
    assert await machine.holds() == []
    machine.clock.advance(1)
    await until_done(machine)

    asked = estate.calls("POST", "south.example/token")[-1]
    assert b"a-new-secret" in asked.body
    (closed,) = await machine.holds("closed")
    assert closed["closed_how"] == "new credentials were given"


async def test_they_go_on_oldest_first_and_no_faster_than_the_rate_of_the_system(opened: Any, estate: Any) -> None:
    world = await opened(bills)
    slow = world.machine.firms.folder / "systems/south.yaml"
    slow.write_text(slow.read_text() + "limits: { per_second: 2 }\n")
    await world.machine.firms.apply(by="ada")
    door = Shut(estate, "south", at_token=True)
    await sold(world, 20)
    await work_together(world)
    (hold,) = await world.holds()
    door.shut = False

    await holds.release(world.machine, hold["id"], person="ada")

    rows = await world.pool.fetch("select lane, due_at from lanes join runs on lane = key order by due_at, seq")
    assert [row["lane"] for row in rows] == [f"bills:deal-{n:04}" for n in range(20)]
    after = [(row["due_at"] - world.clock()).total_seconds() for row in rows]
    assert after[:4] == [0, 2, 2.5, 3]


async def test_what_needs_another_system_goes_on(opened: Any, estate: Any) -> None:
    world = await opened(bills, tells)
    Shut(estate, "south", at_token=True)
    await sold(world, 3)

    await work_together(world)

    states = {(row["workflow"], row["state"]) for row in await world.runs()}
    assert states == {("bills", "waiting"), ("tells", "done")}
    assert len(estate.shelf("west", "messages")) == 3


async def test_one_shot_effect_that_was_stopped_at_the_door_asks_nobody_whether_it_arrived(
    opened: Any, estate: Any
) -> None:
    world = await opened(tells)
    door = Shut(estate, "west", at_token=True)
    await sold(world, 2)
    await work_together(world)
    (hold,) = await world.holds()
    assert hold["system"] == "west"
    assert {row["state"] for row in await world.effects()} == {"planned"}

    door.shut = False
    await holds.release(world.machine, hold["id"], person="ada")
    await until_done(world)

    assert len(estate.shelf("west", "messages")) == 2
    assert await world.holds() == []


async def test_a_run_that_begins_to_wait_while_the_hold_is_being_released_is_not_forgotten(
    opened: Any, estate: Any
) -> None:
    world = await opened(bills)
    door = Shut(estate, "south", at_token=True)
    await sold(world, 1)
    await work_together(world)
    (hold,) = await world.holds()
    await sold(world, 1, first=1)
    door.shut = False
    # Its worker has not heard of it: it looks at the hold no more than once a second.
    await world.pool.execute("update holds set state = 'closed' where id = $1", hold["id"])

    await work_together(world)
    late = await world.pool.fetchrow("select * from lanes where key = 'bills:deal-0001'")

    assert late is not None
    assert (late["due_at"] - world.clock()).total_seconds() == 1


async def test_a_delivery_that_cannot_be_looked_up_waits_as_well(opened: Any, estate: Any, deliver: Any) -> None:
    world = await opened()
    intake = world.machine.intake()
    key = estate.enter("north", "customers", name="A", country="GB")
    door = Shut(estate, "north", at_token=True)
    headers, body = deliver({"id": "n-1", "kind": "customer", "key": key})
    await intake.accept("north", headers, body)

    assert await intake.work_off("north") == 0
    assert await world.pool.fetchval("select count(*) from captures where state = 'new'") == 1
    (hold,) = await world.holds()
    door.shut = False
    await holds.release(world.machine, hold["id"], person="ada")
    world.clock.advance(1)

    assert await intake.work_off("north") == 1
    assert await world.pool.fetchval("select fields ->> 'name' from entities") == "A"


async def test_a_poll_alone_finds_it_out(opened: Any, estate: Any) -> None:
    world = await opened()
    door = Shut(estate, "north", at_token=True)

    for _ in range(5):
        world.clock.advance(60)
        await world.machine.polls().all_due()

    (hold,) = await world.holds()
    assert (hold["system"], hold["waiting"]) == ("north", 0)
    assert door.calls == 1


async def test_what_a_refused_call_said_before_the_new_credentials_came_locks_nobody_out(
    opened: Any, estate: Any
) -> None:
    world = await opened(bills)
    await sold(world, 1)
    applied = await world.machine.firms.current()
    line = applied.lines["south"]

    async def renew() -> None:
        line._forget_token()

    estate.fail("PUT", "south", before=renew, answer=REVOKED)
    estate.fail("PUT", "south", answer=REVOKED)
    await work_together(world)

    assert await world.holds() == []
    assert (await world.run())["state"] == "retrying"
    world.clock.advance(5)
    await until_done(world)
    assert json.loads(estate.calls("PUT", "south")[-1].body)["name"] == "M"
