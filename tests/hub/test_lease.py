"""A worker that was paused finds out before it acts, and what it did anyway is not committed."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from throughline.core.entities import Customer, Project
from throughline.core.errors import Hold
from throughline.core.events import OpportunityWon, ProjectOpened
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub.control import LaneLost
from throughline.hub.lease import LEASE, Lease
from throughline.store import lanes

CUSTOMER = Customer.model_validate({"id": "customer-0042", "name": "Meridian"})
PROJECT = Project.model_validate(
    {"id": "project-0042", "name": "Rollout", "customer": "customer-0042", "currency": "GBP"}
)


def of_deal(event: OpportunityWon) -> str:
    return event.opportunity


def process(*entities: Any, into: Role, **meanwhile: Any) -> Any:
    @workflow("puts", on=OpportunityWon, lane=of_deal)
    async def puts(flow: Flow, _event: OpportunityWon) -> None:
        for each in entities:
            await flow.put(each, into=into)
            if "after" in meanwhile:
                await meanwhile["after"]()
        await flow.emit(ProjectOpened(project="project-0042", opportunity="deal-1"))

    return puts


async def begun(world: Any) -> None:
    await world.start(OpportunityWon(opportunity="deal-1"))


@pytest.fixture
async def lease(world: Any) -> Lease:
    await lanes.wake(world.pool, ["a"], at=world.clock())
    rows = await lanes.claim(world.pool, ["a"], worker="worker-1", now=world.clock(), lease=LEASE)
    return Lease(world.pool, "a", rows["a"]["fence"], world.clock, world.clock())


async def test_one_may_send_for_a_third_of_the_lease(world: Any, lease: Lease) -> None:
    world.clock.advance(10)
    lease.check()

    world.clock.advance(0.001)

    with pytest.raises(LaneLost, match="too long to be sure"):
        lease.check()


async def test_a_lease_is_renewed_when_a_sixth_is_over_and_not_before(world: Any, lease: Lease) -> None:
    began = world.clock()
    world.clock.advance(4.9)
    await lease.keep_fresh()
    assert (await world.lane("a"))["lease_until"] == began + LEASE

    world.clock.advance(0.1)
    await lease.keep_fresh()

    assert (await world.lane("a"))["lease_until"] == world.clock() + LEASE
    world.clock.advance(10)
    lease.check()


async def test_a_lease_that_ran_out_cannot_be_renewed_even_if_nobody_has_come_since(world: Any, lease: Lease) -> None:
    world.clock.advance(30.1)

    with pytest.raises(LaneLost, match="another worker is in a"):
        await lease.keep_fresh()


async def test_a_lane_somebody_else_was_let_into_cannot_be_renewed_nor_held(world: Any, lease: Lease) -> None:
    world.clock.advance(31)
    await lanes.expire(world.pool, now=world.clock())
    assert await lanes.claim(world.pool, ["a"], worker="worker-2", now=world.clock(), lease=LEASE)

    with pytest.raises(LaneLost):
        await lease.keep_fresh()
    async with world.pool.acquire() as sql, sql.transaction():
        with pytest.raises(LaneLost):
            await lease.hold(sql)


async def test_a_worker_paused_too_long_before_sending_sends_nothing_and_leaves_the_lane_to_the_next(
    opened: Any, estate: Any
) -> None:
    """The pause comes after the last renewal, while the token is on its way."""
    world = await opened(process(CUSTOMER, into=Role.ERP))
    estate.fail("POST", "/token", before=lambda: world.clock.advance(10.1))

    await begun(world)
    await world.work()

    lane = await world.lane("puts:deal-1")
    assert estate.calls("PUT") == []
    assert await world.effects() == []
    assert (await world.run())["passes"] == 0
    assert (lane["lease_until"], lane["due_at"]) == (None, world.clock() + timedelta(seconds=1))
    world.clock.advance(1)
    await world.work()
    assert (await world.run())["state"] == "done"
    assert len(estate.calls("PUT")) == 1


async def test_a_long_pass_renews_its_lease_before_each_effect(opened: Any, estate: Any) -> None:
    later = [CUSTOMER.model_copy(update={"id": f"customer-00{n}"}) for n in range(10, 16)]

    async def slow() -> None:
        world.clock.advance(9)

    world = await opened(process(*later, into=Role.ERP, after=slow))

    await begun(world)
    await world.work()

    assert len(estate.calls("PUT")) == 6
    assert (await world.run())["state"] == "done"


async def test_what_a_fenced_worker_did_is_not_committed_at_all(opened: Any, estate: Any) -> None:
    """Its effects, its event, its run's state: all of it is the next worker's to say."""
    other = await opened(process(CUSTOMER, into=Role.ERP), worker="worker-2")
    taken: list[Any] = []

    async def taken_over() -> None:
        if not taken:
            world.clock.advance(31)
            await lanes.expire(world.pool, now=world.clock())
            rows = await lanes.claim(world.pool, ["puts:deal-1"], worker="worker-2", now=world.clock(), lease=LEASE)
            taken.append(rows["puts:deal-1"])

    world = await opened(process(CUSTOMER, into=Role.ERP, after=taken_over))
    await begun(world)
    await world.work("puts:deal-1")

    lane = await world.lane("puts:deal-1")
    assert len(estate.calls("PUT")) == 1
    assert await world.effects() == []
    assert await world.pool.fetchval("select count(*) from links") == 0
    assert await world.pool.fetchval("select count(*) from events where type = 'ProjectOpened'") == 0
    assert ((await world.run())["passes"], (await world.run())["state"]) == (0, "due")
    assert (lane["worker"], lane["fence"]) == ("worker-2", taken[0]["fence"])
    world.clock.advance(31)
    await lanes.expire(world.pool, now=world.clock())
    await other.work()
    assert (await world.run())["state"] == "done"
    assert len(estate.shelf("south", "customers")) == 1


async def test_a_fenced_worker_s_intent_is_refused_before_it_is_sent(opened: Any, estate: Any) -> None:
    async def taken_over() -> None:
        world.clock.advance(4)  # too short for a renewal, so that only the fence stands in the way
        await world.pool.execute("update lanes set fence = fence + 1, worker = 'worker-2'")

    @workflow("puts", on=OpportunityWon, lane=of_deal)
    async def puts(flow: Flow, _event: OpportunityWon) -> None:
        await taken_over()
        await flow.put(PROJECT, into=Role.PSA)

    world = await opened(puts)
    await begun(world)
    await world.work("puts:deal-1")

    assert estate.calls("POST", "/projects") == []
    assert await world.effects() == []


async def test_a_lane_whose_worker_died_is_due_again_when_its_lease_is_over(opened: Any) -> None:
    world = await opened(process(CUSTOMER, into=Role.ERP))
    await begun(world)
    await lanes.claim(world.pool, ["puts:deal-1"], worker="dead", now=world.clock(), lease=LEASE)

    world.clock.advance(29)
    assert await lanes.expire(world.pool, now=world.clock()) == []
    await world.work("puts:deal-1")
    assert (await world.run())["passes"] == 0
    world.clock.advance(1.1)
    assert await lanes.expire(world.pool, now=world.clock()) == ["puts:deal-1"]
    await world.work()

    assert (await world.run())["state"] == "done"


async def test_many_workers_that_reach_for_one_lane_get_in_one_at_a_time(opened: Any) -> None:
    inside: list[int] = []

    @workflow("puts", on=OpportunityWon, lane=of_deal)
    async def puts(_flow: Flow, _event: OpportunityWon) -> None:
        inside.append(1)
        assert sum(inside) == 1
        for _ in range(20):
            await asyncio.sleep(0)
        inside.append(-1)

    worlds = [await opened(puts, worker=f"worker-{n}") for n in range(3)]
    await begun(worlds[0])

    await asyncio.gather(*(world.work("puts:deal-1") for world in worlds * 4))

    assert inside == [1, -1]
    assert (await worlds[0].run())["passes"] == 1


async def test_of_passes_that_end_together_one_that_lost_its_lane_takes_nobody_along(opened: Any) -> None:
    reached: list[str] = []
    all_there = asyncio.Event()

    @workflow("puts", on=OpportunityWon, lane=of_deal)
    async def puts(flow: Flow, event: OpportunityWon) -> None:
        await flow.put(CUSTOMER.model_copy(update={"id": f"customer-{event.opportunity}"}), into=Role.ERP)
        reached.append(event.opportunity)
        if len(reached) == 3:
            world.clock.advance(31)
            await lanes.expire(world.pool, now=world.clock())
            await lanes.claim(world.pool, ["puts:deal-2"], worker="worker-2", now=world.clock(), lease=LEASE)
            all_there.set()
        await all_there.wait()

    world = await opened(puts)
    for deal in ("deal-1", "deal-2", "deal-3"):
        await world.start(OpportunityWon(opportunity=deal))
    runner = world.machine.runner("worker-1")
    await asyncio.gather(*(runner.work(f"puts:{deal}") for deal in ("deal-1", "deal-2", "deal-3")))

    rows = await world.pool.fetch("select subject, state from runs order by subject")
    assert [tuple(row.values()) for row in rows] == [("deal-1", "done"), ("deal-2", "due"), ("deal-3", "done")]
    effects = await world.pool.fetch("select distinct entity from effects order by entity")
    assert [row["entity"] for row in effects] == ["customer-deal-1", "customer-deal-3"]
    assert (await world.lane("puts:deal-2"))["worker"] == "worker-2"


async def test_a_fenced_worker_whose_question_was_answered_meanwhile_says_nothing(opened: Any) -> None:
    passes: list[str] = []

    @workflow("puts", on=OpportunityWon, lane=of_deal)
    async def puts(_flow: Flow, _event: OpportunityWon) -> None:
        passes.append("begun")
        if len(passes) == 1:
            world.clock.advance(31)
            await lanes.expire(world.pool, now=world.clock())
            await other.work("puts:deal-1")
            await world.pool.execute("update holds set state = 'closed'")
        raise Hold("Nobody knows", fix="Ask.")

    world, other = await opened(puts), await opened(puts, worker="worker-2")
    await begun(world)
    await world.work("puts:deal-1")

    assert passes == ["begun", "begun"]
    assert [row["state"] for row in await world.pool.fetch("select state from holds")] == ["closed"]
