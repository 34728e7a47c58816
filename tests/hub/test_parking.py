"""Lanes that wait for a system are parked, cost nothing, and are let go in turn; a vendor's bad night needs nobody."""

import asyncio
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest

from throughline.core.entities import Customer
from throughline.core.events import OpportunityWon
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub import parking
from throughline.store import lanes

DEALS = 100


def of_deal(event: OpportunityWon) -> str:
    return event.opportunity


def tells_the_erp(priority: Any = "normal") -> Any:
    @workflow(f"tells-{priority}", on=OpportunityWon, lane=of_deal, priority=priority)
    async def tells(flow: Flow, won: OpportunityWon) -> None:
        fields = {"id": f"customer-{priority}-{won.opportunity}", "name": "Kestrel", "payment_terms": "net 30"}
        await flow.put(Customer.model_validate(fields), into=Role.ERP, only=("name",))

    return tells


async def limited(world: Any, said: str) -> None:
    """South is limited from now on, and its gate waits in the test's time."""
    path = world.machine.firms.folder / "systems/south.yaml"
    path.write_text(path.read_text() + f"limits: {said}\n")
    await world.machine.firms.apply(by="A person")
    (await world.machine.firms.current()).lines["south"].gate.sleep = world.clock.sleep


async def swept(world: Any, *, at_once: int = 20) -> None:
    """What a worker's sweep does, and then its lanes: the queue brings them in this order."""
    now, lines = world.clock(), (await world.machine.firms.current()).lines
    await parking.let_go(world.pool, lines, now=now)
    runner, due = world.machine.runner(world.worker), await lanes.due(world.pool, now=now, limit=at_once)
    await asyncio.gather(*(runner.work(lane) for lane in due))


async def parked(world: Any) -> dict[str, str]:
    rows = await world.pool.fetch("select key, parked_at from lanes where parked_at is not null order by key")
    return {row["key"]: row["parked_at"] for row in rows}


async def test_a_lane_that_awaits_a_system_is_parked_there_until_the_system_can_take_it(opened: Any) -> None:
    world = await opened(tells_the_erp())
    line = (await world.machine.firms.current()).lines["south"]
    await line.gate.throttled(timedelta(seconds=30), sent=world.clock())
    await world.start(OpportunityWon(opportunity="deal-1"))

    await swept(world)
    assert await parked(world) == {"tells-normal:deal-1": "south"}
    world.clock.advance(29)
    await swept(world)
    assert await parked(world) == {"tells-normal:deal-1": "south"}
    world.clock.advance(1)
    await swept(world)

    assert await parked(world) == {}
    assert (await world.run())["state"] == "done"


async def test_something_new_wakes_a_lane_that_is_parked(opened: Any) -> None:
    world = await opened(tells_the_erp())
    await (await world.machine.firms.current()).lines["south"].gate.throttled(timedelta(hours=1), sent=world.clock())
    await world.start(OpportunityWon(opportunity="deal-1"))
    await swept(world)

    await lanes.wake(world.pool, ["tells-normal:deal-1"], at=world.clock())
    await swept(world)

    assert (await world.run())["passes"] == 2
    assert await parked(world) == {"tells-normal:deal-1": "south"}


async def test_lanes_parked_at_a_system_that_is_gone_find_that_out(opened: Any) -> None:
    world = await opened(tells_the_erp())
    await lanes.wake(world.pool, ["tells-normal:deal-1"], at=world.clock() + timedelta(hours=1))
    await lanes.park(world.pool, "tells-normal:deal-1", at="gone", rank=1, since=world.clock(), now=world.clock())

    await swept(world)

    assert await parked(world) == {}


async def test_the_most_urgent_are_let_go_first_and_of_those_the_oldest(opened: Any) -> None:
    world = await opened()
    for n, rank in enumerate((2, 1, 1, 0, 2, 2, 2)):
        await lanes.wake(world.pool, [f"lane-{n}"], at=world.clock() + timedelta(hours=1))
        since = world.clock() - timedelta(seconds=n)
        await lanes.park(
            world.pool, f"lane-{n}", at="south" if n % 2 else "south PUT /x", rank=rank, since=since, now=world.clock()
        )

    freed = await lanes.let_go(world.pool, ["south", "south PUT /x"], limit=2, now=world.clock())

    assert freed == ["lane-3", "lane-2"]
    assert [*await parked(world)] == ["lane-0", "lane-1", "lane-4", "lane-5", "lane-6"]


async def test_while_a_system_rests_one_lane_tries_it_and_the_others_stay_parked(opened: Any, estate: Any) -> None:
    world = await opened(tells_the_erp())
    estate.closed["south"] = (world.clock(), world.clock() + timedelta(hours=8))
    for n in range(40):
        await world.start(OpportunityWon(opportunity=f"deal-{n}"))
    for _ in range(60):
        await swept(world, at_once=60)
        world.clock.advance(2)
    before = len(estate.calls("PUT"))

    for _ in range(60):
        world.clock.advance(10)
        await swept(world, at_once=60)

    assert len(estate.calls("PUT")) - before <= 600 / 60 + 1
    assert len(await parked(world)) >= 39


def in_order(numbers: list[int]) -> float:
    """The share of pairs of which the older one came first; by chance it would be a half."""
    pairs = [first < second for first, second in combinations(numbers, 2)]
    return sum(pairs) / len(pairs)


@pytest.mark.parametrize("priorities", [("normal",), ("bulk", "urgent")], ids=str)
async def test_a_maintenance_window_of_eight_hours_needs_nobody_and_drains_in_order(
    opened: Any, estate: Any, priorities: tuple[str, ...]
) -> None:
    world = await opened(*(tells_the_erp(priority) for priority in priorities))
    await limited(world, "{ per_second: 5, burst: 5 }")
    opens = world.clock() + timedelta(hours=8)
    estate.closed["south"] = (world.clock(), opens)
    for n in range(DEALS):
        await world.start(OpportunityWon(opportunity=f"deal-{n:03}"))
        while world.clock() < opens - timedelta(hours=8) / DEALS * (DEALS - n - 1):
            world.clock.advance(120)
            await swept(world)

    while any(run["state"] != "done" for run in await world.runs()):
        assert world.clock() < opens + timedelta(minutes=10)
        world.clock.advance(0.5)
        await swept(world, at_once=50)

    calls = [(at, request.url) for at, request in estate.arrivals if request.method == "PUT" and at >= opens]
    drained = (calls[-1][0] - calls[0][0]).total_seconds()
    assert calls[0][0] <= opens + timedelta(seconds=61)
    assert 0.9 * 5 * drained <= len(calls) <= 5 * drained + 5
    assert len(calls) == len(priorities) * DEALS
    for priority in priorities:
        order = [int(url.rsplit("-", 1)[-1]) for _, url in calls if priority in url]
        assert in_order(order) >= 0.9
    assert ["bulk" in url for _, url in calls[-DEALS // 2 :]] == ["bulk" in priorities] * (DEALS // 2)
    assert await world.holds() == []
