"""Lanes that wait for a system are parked, cost nothing, and are let go in turn; a vendor's bad night needs nobody."""

import asyncio
import random
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from throughline.core.delivery_events import TimeApproved
from throughline.core.entities import Customer, Project
from throughline.core.events import OpportunityWon
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub import parking
from throughline.store import lanes
from throughline.store import parking as stored
from throughline.store.parking import Place

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


async def swept(world: Any, *, at_once: int = 20) -> list[str]:
    """What a worker's sweep does, and then its lanes: the queue brings them in this order. Returns who was let go."""
    now, lines = world.clock(), (await world.machine.firms.current()).lines
    gone = await parking.let_go(world.pool, lines, now=now)
    runner, due = world.machine.runner(world.worker), await lanes.due(world.pool, now=now, limit=at_once)
    await asyncio.gather(*(runner.work(lane) for lane in due))
    return gone


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


async def test_a_lane_that_has_waited_for_an_answer_for_a_while_needs_no_slot(opened: Any, estate: Any) -> None:
    world, waiting = await opened(tells_the_erp()), list[frozenset[str]]()

    def slow() -> None:
        for _ in range(2):
            world.clock.advance(0.2)
            waiting.append(world.machine.firms.waiting())

    estate.fail("PUT", before=slow)
    await world.start(OpportunityWon(opportunity="deal-1"))
    await swept(world)

    assert waiting == [frozenset(), {"tells-normal:deal-1"}]
    assert world.machine.firms.waiting() == frozenset()


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
    await stored.park(world.pool, "tells-normal:deal-1", Place("gone", 1, None, world.clock()), now=world.clock())

    await swept(world)

    assert await parked(world) == {}


async def test_the_most_urgent_are_let_go_first_then_the_earliest_cut_off_and_then_the_oldest(opened: Any) -> None:
    world, an_hour = await opened(), timedelta(hours=1)
    soon, later = world.clock() + an_hour, world.clock() + 2 * an_hour
    turns = [(2, soon), (1, None), (1, None), (0, None), (1, later), (1, soon), (2, None)]
    for n, (rank, cut_off) in enumerate(turns):
        await lanes.wake(world.pool, [f"lane-{n}"], at=world.clock() + an_hour)
        place = Place("south" if n % 2 else "south PUT /x", rank, cut_off, world.clock() - timedelta(seconds=n))
        await stored.park(world.pool, f"lane-{n}", place, now=world.clock())

    freed = await stored.let_go(world.pool, ["south", "south PUT /x"], limit=5, now=world.clock())

    assert freed == ["lane-3", "lane-5", "lane-4", "lane-2", "lane-1"]
    assert [*await parked(world)] == ["lane-0", "lane-6"]


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


MONTH_END = """
service_lines: [Advisory]
legal_entities:
  - { code: US, name: Small Inc., country: US, currency: USD, timezone: America/New_York, holidays: US }
  - { code: DE, name: Small GmbH, country: DE, currency: EUR, timezone: Europe/Berlin, holidays: DE }
"""
CUT_OFFS = """
cut_offs:
  - { name: billing, working_day: 4, at: "12:00" }
  - { name: billing, legal_entity: DE, working_day: 2, at: "12:00" }
"""


async def with_cut_offs(world: Any) -> None:
    folder = world.machine.firms.folder
    (folder / "firm.yaml").write_text("name: Small Firm\nreporting_currency: USD" + MONTH_END)
    with (folder / "policies.yaml").open("a") as policies:
        policies.write(CUT_OFFS)
    await world.machine.firms.apply(by="A person")


def bills(priority: Any) -> Any:
    """A charge for a day's work, into the books of the project's legal entity; `time_entry` says whose that is."""

    @workflow(f"bills-{priority}", on=TimeApproved, lane=lambda on: on.time_entry, priority=priority, cut_off="billing")
    async def bills(flow: Flow, approved: TimeApproved) -> None:
        whose = approved.time_entry.split("-")[1]
        id_ = f"project-{priority}-{approved.time_entry}"
        project = {"id": id_, "name": "P", "customer": "customer-1", "currency": "EUR", "legal_entity": whose}
        await flow.put(Project.model_validate(project), into=Role.PSA)
        said = {"id": f"customer-{priority}-{approved.time_entry}", "name": "Kestrel"}
        await flow.put(Customer.model_validate(said), into=Role.ERP, only=("name",))

    return bills


# What a day's work of a legal entity has until, the earliest first: two of October are late already.
UNTIL = [("DE", date(2026, 10, 30)), ("US", date(2026, 10, 31)), ("DE", date(2026, 11, 30)), ("US", date(2026, 11, 2))]


async def test_after_a_window_at_month_end_lanes_are_let_go_by_cut_off_and_those_without_one_after(
    opened: Any, estate: Any
) -> None:
    world = await opened(tells_the_erp(), bills("normal"), bills("bulk"))
    await with_cut_offs(world)
    await limited(world, "{ per_second: 5, burst: 5 }")
    world.clock.now = datetime(2026, 11, 30, 18, tzinfo=world.clock().tzinfo)
    opens = world.clock() + timedelta(hours=8)
    estate.closed["south"] = (world.clock(), opens)
    came = [None] * 30 + [turn for turn in range(len(UNTIL)) for _ in range(20)]
    random.Random(7).shuffle(came)
    for n, turn in enumerate(came):
        if turn is None:
            await world.start(OpportunityWon(opportunity=f"deal-x-{n:03}"))
        else:
            whose, day = UNTIL[turn]
            await world.start(TimeApproved(time_entry=f"time-{whose}-{turn}-{n:03}", project="P", day=day, at=None))
        world.clock.advance(8 * 3600 / len(came) - 60)
        await swept(world)
    while world.clock() < opens:
        world.clock.advance(60)
        await swept(world, at_once=100)

    let_go: list[list[str]] = []
    while any(run["state"] != "done" for run in await world.runs()):
        assert world.clock() < opens + timedelta(minutes=10)
        world.clock.advance(0.5)
        let_go.append(await swept(world, at_once=50))

    assert all([turn_of(lane) for lane in gone] == sorted(turn_of(lane) for lane in gone) for gone in let_go)
    arrived = [request.url for at, request in estate.arrivals if request.method == "PUT" and at >= opens]
    normal, bulk = ([turn_of(url) for url in arrived if kind in url] for kind in ("normal", "bulk"))
    assert [len(each) for each in (normal, bulk)] == [110, 80]
    assert min(in_order_where_they_differ(each) for each in (normal, bulk)) >= 0.9
    assert ["bulk" in url for url in arrived[-50:]] == [True] * 50
    assert await world.holds() == []


def turn_of(said: str) -> tuple[bool, int]:
    """Bulk after the others; whatever works for no cut-off after all that do."""
    return "bulk" in said, int(said.split("-")[-2]) if "time" in said else len(UNTIL)


def in_order_where_they_differ(turns: list[tuple[bool, int]]) -> float:
    pairs = [first < second for first, second in combinations(turns, 2) if first != second]
    return sum(pairs) / len(pairs)


def test_a_workflow_whose_event_has_no_day_cannot_name_a_cut_off() -> None:
    with pytest.raises(TypeError, match="give OpportunityWon a `day`"):
        workflow("bills", on=OpportunityWon, lane=of_deal, cut_off="billing")
