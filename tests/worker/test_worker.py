"""Workers share the work; one that dies leaves nothing lying, and one whose ground shakes goes on."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from throughline.core.entities import Project
from throughline.core.events import OpportunityWon
from throughline.core.roles import Role
from throughline.core.targets import Targets
from throughline.core.workflow import Flow, workflow
from throughline.hub import subscriptions
from throughline.hub.horizon import Horizon
from throughline.hub.lease import LEASE
from throughline.hub.seal import Safe
from throughline.hub.webhooks import Webhooks
from throughline.hub.wire import Raw, Request
from throughline.store import lanes, workers
from throughline.store.database import AWAY
from throughline.worker import Worker


def of_deal(event: OpportunityWon) -> str:
    return event.opportunity


# pyright: reportPrivateUsage=false
# A tick is private to its worker, and tested here without the loop around it.


def opens_projects(seen: list[str] | None = None, pause: asyncio.Event | None = None) -> Any:
    @workflow("opens", on=OpportunityWon, lane=of_deal)
    async def opens(flow: Flow, won: OpportunityWon) -> None:
        id_ = f"project-{won.opportunity}"
        fields = {"id": id_, "name": "Rollout", "customer": "customer-1", "currency": "GBP"}
        await flow.put(Project.model_validate(fields), into=Role.PSA)
        if seen is not None:
            seen.append(won.opportunity)
        if pause is not None:
            await pause.wait()

    return opens


@asynccontextmanager
async def working(*worlds: Any) -> AsyncGenerator[list[asyncio.Task[None]]]:
    """Workers at work; afterwards they are asked to stop, and do."""
    hands = [Worker(world.machine, world.worker) for world in worlds]
    tasks = [asyncio.create_task(hand.run()) for hand in hands]
    try:
        yield tasks
    finally:
        for hand in hands:
            hand.stopping.set()
        async with asyncio.timeout(15):
            await asyncio.gather(*tasks, return_exceptions=True)


async def until(true: Callable[[], Awaitable[Any]], *, seconds: float = 15) -> None:
    """What workers do takes real time; it is waited for, not guessed."""
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.02)


async def all_done(world: Any) -> bool:
    return all(run["state"] == "done" for run in await world.runs())


async def knows_the_database_again(world: Any) -> bool:
    """Connections that were cut are found out one by one, as they are used."""
    try:
        return await world.pool.fetchval("select true")
    except AWAY:
        return False


async def listens(world: Any, but: int = 0) -> int | None:
    """The worker hears of wake-ups, and does not only look for them now and then."""
    return await world.pool.fetchval(
        "select pid from pg_stat_activity where datname = current_database() and query ilike 'listen%' and pid <> $1",
        but,
    )


async def cut(database_url: str, which: str = "true") -> None:
    admin = await asyncpg.connect(database_url)
    await admin.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        f" where datname = current_database() and pid <> pg_backend_pid() and {which}"
    )
    await admin.close()


async def test_two_workers_share_the_work_and_each_thing_is_done_once(opened: Any, estate: Any) -> None:
    first, second = ([], [])
    worlds = [await opened(opens_projects(first), worker="w-1"), await opened(opens_projects(second), worker="w-2")]
    for n in range(60):
        await worlds[0].start(OpportunityWon(opportunity=f"deal-{n}"))

    async with working(*worlds):
        await until(lambda: all_done(worlds[0]))

    assert len(estate.shelf("east", "projects")) == 60
    assert len(estate.calls("POST", "/projects")) == 60
    assert len(first) + len(second) == 60
    assert first
    assert second


@dataclass
class Reader:
    """A subscriber, behind the transport."""

    heard: list[str] = field(default_factory=list[str])

    async def exchange(self, request: Request) -> Raw:
        self.heard.append(request.headers["webhook-id"])
        return Raw(204, {}, b"")


async def test_workers_tell_subscribers_each_event_once_and_in_order(opened: Any) -> None:
    reader = Reader()
    worlds = [await opened(worker="w-1"), await opened(worker="w-2")]
    for world in worlds:
        pool, clock = world.pool, world.clock
        hooks = Webhooks(pool, Horizon(pool), reader, Targets(), Safe(b"key"), clock)
        world.machine = replace(world.machine, webhooks=hooks)
    world = worlds[0]
    await subscriptions.create(world.machine, "https://reader.example/", person="test")

    async with working(*worlds):
        for n in range(20):
            await world.start(OpportunityWon(opportunity="deal"), about=f"{n:02}")
        await until(lambda: at_least(reader.heard, 20))

    happened = await world.pool.fetch("select id from events order by seq")
    assert reader.heard == [row["id"] for row in happened]


async def at_least(heard: list[str], count: int) -> bool:
    return len(heard) >= count


async def test_a_worker_that_dies_leaves_nothing_lying_longer_than_its_lease(opened: Any, estate: Any) -> None:
    """As kill -9 leaves it: jobs picked, lanes claimed, an effect sent whose answer nobody took down."""
    world = await opened(opens_projects())
    keys = [f"opens:deal-{n}" for n in range(5)]
    for n in range(5):
        await world.start(OpportunityWon(opportunity=f"deal-{n}"))
    await world.machine.wakes.now(keys)
    await world.pool.execute("update pgqueuer set status = 'picked', queue_manager_id = gen_random_uuid()")
    estate.fail("POST", "/projects", after=asyncio.CancelledError())
    with contextlib.suppress(asyncio.CancelledError):
        await world.work(keys[0])
    await world.pool.execute("update lanes set due_at = $1", world.clock())
    for key in keys:
        assert await lanes.claim(world.pool, [key], worker="dead", now=world.clock(), lease=LEASE)

    async with working(world):
        await until(lambda: world.pool.fetchval("select count(*) from workers"))
        assert [run["state"] for run in await world.runs()] == ["due"] * 5
        world.clock.advance(LEASE.total_seconds() + 0.1)
        await world.pool.execute("update pgqueuer set heartbeat = heartbeat - interval '16 seconds'")
        await until(lambda: states(world, ["retrying", *["done"] * 4]))
        world.clock.advance(60)
        await until(lambda: all_done(world))

    assert len(estate.shelf("east", "projects")) == 5
    assert len(estate.calls("POST", "/projects")) == 5


async def states(world: Any, wanted: list[str]) -> bool:
    return [run["state"] for run in await world.runs()] == wanted


async def test_a_wake_up_that_was_lost_is_found_by_the_sweep(opened: Any, estate: Any) -> None:
    world = await opened(opens_projects())
    await world.start(OpportunityWon(opportunity="deal-1"))
    await world.pool.execute("delete from pgqueuer")

    async with working(world):
        await until(lambda: all_done(world))

    assert len(estate.shelf("east", "projects")) == 1


async def test_a_delivery_whose_wake_up_was_lost_is_found_by_the_sweep(opened: Any, estate: Any, deliver: Any) -> None:
    world = await opened(opens_projects())
    await world.machine.polls().all_due()
    estate.enter("north", "deals", id="N1", name="A deal", stage="won")
    intake = world.machine.intake()
    await intake.accept("north", *deliver({"id": "n", "kind": "opportunity", "key": "N1"}))
    await asyncio.gather(*intake._waking)
    await world.pool.execute("delete from pgqueuer")

    async def opened_one() -> bool:
        return len(estate.shelf("east", "projects")) == 1

    async with working(world):
        await until(opened_one)
        await until(lambda: all_done(world))


@pytest.mark.slow
async def test_a_worker_whose_lines_to_the_database_are_all_cut_goes_on(
    opened: Any, estate: Any, database_url: str
) -> None:
    world = await opened(opens_projects([]), worker="w-1")
    async with working(world) as (task,):
        await until(lambda: listens(world))
        await cut(database_url)
        await until(lambda: knows_the_database_again(world))
        # Where only the ear was cut unnoticed, its own check finds out.
        await until(lambda: listens(world), seconds=40)
        await world.start(OpportunityWon(opportunity="deal-1"))
        await until(lambda: all_done(world))

        assert not task.done()

    assert len(estate.shelf("east", "projects")) == 1


@pytest.mark.slow
async def test_a_worker_that_hears_nothing_any_more_listens_anew(opened: Any, database_url: str) -> None:
    world = await opened(opens_projects([]), worker="w-1")
    async with working(world) as (task,):
        await until(lambda: listens(world))
        ear = await listens(world)
        await cut(database_url, f"pid = {ear}")
        await until(lambda: listens(world, but=ear or 0), seconds=40)

        assert not task.done()


async def test_what_has_been_begun_is_finished_before_a_worker_stops(opened: Any) -> None:
    seen, pause = list[str](), asyncio.Event()
    world = await opened(opens_projects(seen, pause))
    await world.start(OpportunityWon(opportunity="deal-1"))
    hand = Worker(world.machine, "w-1")
    task = asyncio.create_task(hand.run())

    async def begun() -> bool:
        return bool(seen)

    await until(begun)
    hand.stopping.set()
    pause.set()
    async with asyncio.timeout(15):
        await task

    assert (await world.run())["state"] == "done"
    assert await world.pool.fetchval("select count(*) from workers") == 0


async def test_a_worker_is_seen_to_be_alive_and_forgets_who_is_long_gone(opened: Any) -> None:
    world = await opened()
    await workers.beat(world.pool, "w-2", host="h", pid=1, now=world.clock())
    await workers.beat(world.pool, "long-gone", host="h", pid=2, now=world.clock() - timedelta(hours=2))

    await Worker(world.machine, "w-1")._beat()

    assert [row["id"] for row in await workers.alive(world.pool, since=world.clock())] == ["w-2", "w-1"]
    assert await world.pool.fetchval("select count(*) from workers where id = 'long-gone'") == 0


@pytest.mark.parametrize("error", [asyncpg.AdminShutdownError("bye"), ConnectionResetError("gone"), KeyError("defect")])
async def test_a_tick_that_fails_is_tried_again(opened: Any, error: Exception) -> None:
    ticks, enough = list[int](), asyncio.Event()

    async def tick() -> None:
        ticks.append(1)
        if len(ticks) < 3:
            raise error
        enough.set()

    ticking = asyncio.create_task(Worker((await opened()).machine, "w-1")._every(0, tick))
    async with asyncio.timeout(5):
        await enough.wait()
    ticking.cancel()


async def test_a_worker_that_starts_before_any_firm_is_applied_waits_for_one(opened: Any, estate: Any) -> None:
    async def asked() -> bool:
        return bool(estate.calls("GET", "/deals"))

    world = await opened(opens_projects())
    await world.pool.execute("create table set_aside as select * from firm_versions; delete from firm_versions")
    try:
        async with working(world):
            await until(lambda: world.pool.fetchval("select count(*) from workers"))
            await world.pool.execute(
                """insert into firm_versions (digest, files, applied_by, applied_at)
                   select digest, files, applied_by, applied_at from set_aside"""
            )
            await until(asked)
    finally:
        await world.pool.execute("drop table set_aside")


async def test_a_lane_that_is_always_lost_is_not_forgotten(opened: Any) -> None:
    world = await opened(opens_projects())
    await world.start(OpportunityWon(opportunity="deal-1"))
    await lanes.claim(world.pool, ["opens:deal-1"], worker="dead", now=world.clock(), lease=LEASE)
    hand = Worker(world.machine, "w-1")

    await hand._sweep()
    assert await world.pool.fetchval("select count(*) from pgqueuer") == 0
    world.clock.advance(31)
    await hand._sweep()

    assert await world.pool.fetchval("select count(*) from pgqueuer where dedupe_key = 'lane/opens:deal-1'") == 1
