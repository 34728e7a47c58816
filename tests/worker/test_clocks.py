"""A clock that jumps: no lane is taken from whoever holds it, nothing comes too early, and nothing is left out."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.worker.test_worker import of_deal, opens_projects
from throughline.core.errors import Retry
from throughline.core.events import OpportunityWon
from throughline.core.workflow import Flow, workflow
from throughline.hub import health
from throughline.hub.control import LaneLost
from throughline.hub.lease import LEASE, Lease
from throughline.hub.timekeeper import Timekeeper
from throughline.store import lanes, workers
from throughline.worker import Worker

# pyright: reportPrivateUsage=false
# A tick is private to its worker, and tested here without the loop around it.

LANE = "opens:deal-1"
NOBODY: Any = None
JUMPS = [timedelta(hours=-1), timedelta(hours=1), timedelta(days=1)]


class Jumping:
    """A machine's clock: as the others', until somebody sets it."""

    def __init__(self, true: Any) -> None:
        self.true, self.by = true, timedelta()

    def __call__(self) -> datetime:
        return self.true() + self.by

    async def database(self) -> datetime:
        return self.true()


@pytest.fixture
def jumping(clock: Any) -> Jumping:
    return Jumping(clock)


class Ran:
    """How long a machine has run, which nobody can set."""

    def __init__(self, true: Any) -> None:
        self.true, self.began = true, true()

    def __call__(self) -> float:
        return (self.true() - self.began).total_seconds()


@pytest.fixture
async def kept(jumping: Jumping, clock: Any) -> Timekeeper:
    """Has just found that the clock is right."""
    kept = Timekeeper(jumping, Ran(clock), jumping.database)
    await kept.compare()
    return kept


@pytest.fixture
async def world(opened: Any, kept: Timekeeper) -> Any:
    """A worker on a machine whose clock can be set."""
    return await kept_by(opened, kept, opens_projects())


async def kept_by(opened: Any, kept: Timekeeper, workflow: Any) -> Any:
    world = await opened(workflow, its_clock=kept.now)
    world.machine = replace(world.machine, timekeeper=kept)
    return world


@pytest.mark.parametrize("by", JUMPS)
async def test_a_lane_that_is_due_is_left_to_others_and_taken_when_the_clock_is_right(
    world: Any, jumping: Jumping, by: timedelta
) -> None:
    await world.start(OpportunityWon(opportunity="deal-1"))
    jumping.by = by

    await world.machine.runner("worker-1").work(LANE)
    assert (await world.run())["passes"] == 0

    jumping.by = timedelta()
    await world.machine.runner("worker-1").work(LANE)
    assert (await world.run())["state"] == "done"


@pytest.mark.parametrize("by", JUMPS)
async def test_no_lane_is_taken_from_whoever_holds_it(world: Any, jumping: Jumping, clock: Any, by: timedelta) -> None:
    await world.start(OpportunityWon(opportunity="deal-1"))
    held = await lanes.claim(world.pool, [LANE], worker="worker-2", now=clock(), lease=LEASE)
    await workers.beat(world.pool, "worker-2", host="h", pid=2, now=clock())
    jumping.by = by

    hand = Worker(world.machine, "worker-1")
    await hand._once(hand._sweep)
    await world.machine.runner("worker-1").work(LANE)

    lane = await world.lane(LANE)
    assert (lane["worker"], lane["fence"]) == ("worker-2", held[LANE]["fence"])


@pytest.mark.parametrize("by", JUMPS)
async def test_a_wait_is_over_neither_sooner_nor_later(world: Any, jumping: Jumping, clock: Any, by: timedelta) -> None:
    await world.start(OpportunityWon(opportunity="deal-1"))
    later = clock() + timedelta(minutes=10)
    await lanes.put_off(world.pool, LANE, until=later)
    hand = Worker(world.machine, "worker-1")

    jumping.by = by
    await hand._once(hand._sweep)
    await world.machine.runner("worker-1").work(LANE)
    assert ((await world.lane(LANE))["due_at"], (await world.run())["passes"]) == (later, 0)

    clock.advance(600)
    jumping.by = timedelta()
    await world.machine.runner("worker-1").work(LANE)
    assert (await world.run())["state"] == "done"


@pytest.mark.parametrize("by", JUMPS)
async def test_what_is_under_way_when_the_clock_is_set_comes_back_at_the_right_time(
    opened: Any, kept: Timekeeper, jumping: Jumping, clock: Any, by: timedelta
) -> None:
    @workflow("opens", on=OpportunityWon, lane=of_deal)
    async def opens(_flow: Flow, _won: OpportunityWon) -> None:
        jumping.by = by
        raise Retry("the other side is unwell", after=timedelta(seconds=60))

    world = await kept_by(opened, kept, opens)
    await world.start(OpportunityWon(opportunity="deal-1"))

    await world.machine.runner("worker-1").work(LANE)

    due_at = (await world.lane(LANE))["due_at"]
    assert timedelta(seconds=60) <= due_at - clock() <= timedelta(seconds=72)


@pytest.mark.parametrize("by", JUMPS)
async def test_a_door_wakes_a_lane_now_whatever_its_clock_was_set_to(
    world: Any, jumping: Jumping, clock: Any, by: timedelta
) -> None:
    jumping.by = by

    await lanes.wake(world.pool, [LANE], at=world.machine.clock())

    assert (await world.lane(LANE))["due_at"] == clock()


@pytest.mark.parametrize("by", JUMPS)
async def test_a_clock_that_is_set_makes_no_lease_younger(kept: Timekeeper, jumping: Jumping, clock: Any, by: timedelta
                                                          ) -> None:  # fmt: skip
    lease = Lease(NOBODY, "a", 1, kept.latest, clock())

    jumping.by = by
    clock.advance(10.1)

    with pytest.raises(LaneLost, match="too long to be sure"):
        lease.check()


async def test_a_machine_that_slept_sends_nothing_on_waking(jumping: Jumping, clock: Any) -> None:
    """Its monotonic clock slept as well: only the wall's says how long that was."""
    kept = Timekeeper(jumping, lambda: 0.0, jumping.database)
    await kept.compare()
    lease = Lease(NOBODY, "a", 1, kept.latest, clock())

    clock.advance(3600)

    with pytest.raises(LaneLost, match="too long to be sure"):
        lease.check()


async def test_a_lease_that_is_renewed_after_the_clock_was_set_back_is_as_long_as_any(
    world: Any, kept: Timekeeper, jumping: Jumping, clock: Any
) -> None:
    await lanes.wake(world.pool, ["a"], at=clock())
    rows = await lanes.claim(world.pool, ["a"], worker="worker-1", now=clock(), lease=LEASE)
    lease = Lease(world.pool, "a", rows["a"]["fence"], kept.latest, clock())

    jumping.by = timedelta(hours=-1)
    clock.advance(6)
    await lease.keep_fresh()

    assert (await world.lane("a"))["lease_until"] == clock() + LEASE


@pytest.mark.parametrize("by", JUMPS)
async def test_a_worker_whose_clock_is_wrong_is_silent_and_its_process_is_not_ready(
    world: Any, jumping: Jumping, by: timedelta
) -> None:
    jumping.by = by

    await Worker(world.machine, "worker-1")._beat()

    assert await world.pool.fetchval("select count(*) from workers") == 0
    found = {each.name: each for each in await health.ready(world.machine)}["clock"]
    assert (found.well, found.needed) == (False, True)
    assert "network time" in found.why
    jumping.by = timedelta()
    await Worker(world.machine, "worker-1")._beat()
    assert await world.pool.fetchval("select count(*) from workers") == 1


async def test_before_the_clock_was_compared_only_the_beat_goes_on(world: Any, jumping: Jumping, clock: Any) -> None:
    """The database was away when the worker began: nobody knows yet what the clock is worth."""
    await world.start(OpportunityWon(opportunity="deal-1"))
    await lanes.claim(world.pool, [LANE], worker="worker-2", now=clock(), lease=LEASE)
    jumping.by = timedelta(hours=1)
    unsure = Timekeeper(jumping, Ran(clock), jumping.database)
    hand = Worker(replace(world.machine, clock=unsure.now, timekeeper=unsure), "worker-1")

    await hand._once(hand._sweep)
    assert (await world.lane(LANE))["worker"] == "worker-2"

    await hand._once(hand._beat)
    assert unsure.ahead() == timedelta(hours=1)
