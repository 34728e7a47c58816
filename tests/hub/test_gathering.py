"""A run that gathers: what happens while it is not done joins it, and none of it is ever overlooked."""

import asyncio
from datetime import date, timedelta
from typing import Any

from throughline.core.claims import Claim
from throughline.core.entities import Contract
from throughline.core.errors import Hold
from throughline.core.events import Event, OpportunityLost, OpportunityWon
from throughline.core.ownership import HUB
from throughline.core.workflow import Flow, workflow
from throughline.hub.settle import Settled, Settler
from throughline.store.database import transaction

LANE = "all-of-it:one"


def one_lane(_event: Event) -> str:
    return "one"


def gathering(body: Any) -> Any:
    async def run(flow: Flow, event: Any) -> None:
        await body(flow, event)

    return workflow("all-of-it", on=(OpportunityWon, OpportunityLost), lane=one_lane, gathers=True)(run)


class Body:
    """Counts its passes, and does in each what it is given."""

    def __init__(self, *steps: Any) -> None:
        self.steps, self.passes = list(steps), 0

    async def __call__(self, flow: Flow, _event: Any) -> None:
        self.passes += 1
        step = self.steps.pop(0) if self.steps else None
        if isinstance(step, Exception):
            raise step
        if step:
            await step(flow)


async def happens(world: Any, deal: str) -> None:
    await world.start(OpportunityWon(opportunity=deal))


async def test_what_happens_before_the_first_pass_is_one_run(opened: Any) -> None:
    body = Body()
    world = await opened(gathering(body))
    for deal in "abc":
        await happens(world, deal)
    await world.start(OpportunityLost(opportunity="d"))

    await world.work()

    assert body.passes == 1
    assert (await world.run())["state"] == "done"


async def test_what_happens_when_it_is_done_is_another_run(opened: Any) -> None:
    body = Body()
    world = await opened(gathering(body))
    await happens(world, "a")
    await world.work()
    await happens(world, "b")
    await world.work()

    assert [run["state"] for run in await world.runs()] == ["done", "done"]
    assert body.passes == 2


async def test_a_run_that_is_held_is_joined_and_passes_again(opened: Any) -> None:
    body = Body(Hold("no table", fix="add a row"))
    world = await opened(gathering(body))
    await happens(world, "a")
    await world.work()
    assert (await world.run())["state"] == "held"

    await happens(world, "b")
    await world.work()

    assert body.passes == 2
    assert (await world.run())["state"] == "done"
    assert await world.holds() == []


async def test_what_happens_in_the_middle_of_a_pass_is_seen_by_the_next_one(opened: Any) -> None:
    """The first pass may have looked before it: that pass must not be the last."""

    async def meanwhile(_flow: Flow) -> None:
        await happens(world, "b")

    body = Body(meanwhile)
    world = await opened(gathering(body))
    await happens(world, "a")
    await world.work()

    run = await world.run()
    assert (run["state"], run["passes"], body.passes) == ("done", 2, 2)
    assert run["finished_at"]


async def test_what_is_told_in_the_very_moment_a_pass_ends_is_not_lost(opened: Any) -> None:
    """Whoever tells it has woken the lane and not committed yet, when the pass ends."""
    began, told = asyncio.Event(), asyncio.Event()

    async def slow(_flow: Flow) -> None:
        began.set()
        await told.wait()

    body = Body(slow)
    world = await opened(gathering(body))
    await happens(world, "a")
    passing = asyncio.create_task(world.work(LANE))
    async with asyncio.timeout(10):
        await began.wait()

    async with transaction(world.pool) as sql:
        await tell(world, sql, OpportunityWon(opportunity="b"))
        told.set()
        await until_somebody_waits(world)
    await passing
    await world.work()

    assert (await world.run())["state"] == "done"
    assert body.passes == 2


async def test_what_is_told_while_the_pass_is_being_ended_begins_a_run(opened: Any) -> None:
    """The other way round: the pass has the lane, and whoever tells it waits until there is no run to join."""
    body = Body()
    world = await opened(gathering(body))
    await happens(world, "a")
    await world.work()
    async with transaction(world.pool) as sql:
        await sql.fetchrow("select * from lanes where key = $1 for update", LANE)
        telling = asyncio.create_task(happens(world, "b"))
        await until_somebody_waits(world)
    await telling
    await world.work()

    assert [run["state"] for run in await world.runs()] == ["done", "done"]


async def test_a_lane_that_is_told_of_in_one_go_by_many_has_one_run(opened: Any) -> None:
    world = await opened(gathering(Body()))

    await asyncio.gather(*(happens(world, str(n)) for n in range(8)))

    assert len(await world.runs()) == 1


async def test_one_more_of_what_was_asked_for_lets_a_run_pass_again(opened: Any) -> None:
    seen = list[list[str]]()

    async def look(flow: Flow) -> None:
        seen.append(await flow.every(Contract, project="project-1"))
        await flow.wait(world.clock() + timedelta(days=1))

    world = await opened(gathering(Body(look, look, look, look)))
    await happens(world, "a")
    await world.work()
    await settled(world, "contract-2", project="project-1")
    await world.work()
    await settled(world, "contract-1", project="project-2")
    await world.work()
    await settled(world, "contract-2", project="project-3")
    await world.work()

    assert seen == [[], ["contract-2"], []]


async def test_every_is_in_order_and_of_the_days_asked_for(opened: Any) -> None:
    seen = list[str]()

    async def look(flow: Flow) -> None:
        seen.extend(await flow.every(Contract, (date(2026, 11, 2), date(2026, 11, 3)), project="project-1"))

    world = await opened(gathering(Body(look)))
    for number, day in enumerate(("2026-11-01", "2026-11-03", "2026-11-02", "2026-11-04"), start=1):
        await settled(world, f"contract-{number}", project="project-1", day=day)
    await happens(world, "a")
    await world.work()

    assert seen == ["contract-2", "contract-3"]


async def test_every_of_a_field_nothing_is_found_by_is_a_fault_of_the_workflow(opened: Any) -> None:
    async def look(flow: Flow) -> None:
        await flow.every(Contract, name="x")

    world = await opened(gathering(Body(look)))
    await happens(world, "a")
    await world.work()

    assert (await world.run())["state"] == "defect"


async def settled(world: Any, id_: str, **fields: str) -> None:
    """The hub itself says so, and whoever asked is told."""
    settler, told = await settler_of(world), Settled()
    async with transaction(world.pool) as sql:
        await settler.claims(sql, [(id_, Claim("contract", id_, HUB, fields))], told, now=world.clock())
        await settler.wake(sql, told, now=world.clock())


async def tell(world: Any, sql: Any, event: Event) -> None:
    settler, told = await settler_of(world), Settled()
    await settler.publish(sql, event, told, about=event.about(), now=world.clock())
    await settler.wake(sql, told, now=world.clock())


async def settler_of(world: Any) -> Settler:
    return Settler(await world.machine.firms.current(), world.machine.workflows, world.machine.ids)


async def until_somebody_waits(world: Any) -> None:
    """For a lock in this database."""
    async with asyncio.timeout(10):
        while not await world.pool.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        ):
            await asyncio.sleep(0.01)
