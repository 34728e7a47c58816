"""Lanes: due, claimed by one, left, and found again when whoever claimed them died."""

from datetime import datetime, timedelta

from throughline.store import lanes, runs
from throughline.store.database import Pool, Row
from throughline.store.runs import NewRun

LEASE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)


async def claim(pool: Pool, now: datetime, worker: str = "w-1") -> Row | None:
    rows = await lanes.claim(pool, ["a"], worker=worker, now=now, lease=LEASE)
    return rows.get("a")


async def due_at(pool: Pool) -> datetime | None:
    return await pool.fetchval("select due_at from lanes where key = 'a'")


async def test_a_lane_is_not_claimed_before_it_is_due(pool: Pool, now: datetime) -> None:
    await lanes.wake(pool, ["a"], at=now + SECOND)

    assert await claim(pool, now) is None
    assert await claim(pool, now + SECOND) is not None


async def test_a_claimed_lane_is_nobody_else_s_until_it_is_left(pool: Pool, now: datetime) -> None:
    await lanes.wake(pool, ["a"], at=now)
    first = await claim(pool, now)
    assert first is not None
    await lanes.wake(pool, ["a"], at=now)

    assert await claim(pool, now, "w-2") is None
    assert await lanes.release(pool, "a", first["fence"], due_at=None)
    second = await claim(pool, now, "w-2")
    assert second is not None
    assert second["fence"] == first["fence"] + 1


async def test_a_claim_brings_the_oldest_unfinished_run(pool: Pool, now: datetime) -> None:
    new = [NewRun(f"run-{n}", "w", "a", "OpportunityWon", {}, "s", "c") for n in range(3)]
    await runs.start(pool, new, now=now)
    await pool.execute("update runs set state = 'done' where id = 'run-0'")
    await lanes.wake(pool, ["a"], at=now)

    row = await claim(pool, now)

    assert row is not None
    assert row["id"] == "run-1"


async def test_waking_never_makes_a_lane_due_later(pool: Pool, now: datetime) -> None:
    await lanes.wake(pool, ["a"], at=now)
    await lanes.wake(pool, ["a", "a", "b"], at=now + SECOND)

    assert await due_at(pool) == now
    assert await lanes.due(pool, now=now + SECOND, limit=9) == ["a", "b"]


async def test_a_wake_up_that_came_while_somebody_was_in_the_lane_is_kept(pool: Pool, now: datetime) -> None:
    await lanes.wake(pool, ["a"], at=now)
    row = await claim(pool, now)
    assert row is not None
    await lanes.wake(pool, ["a"], at=now + SECOND)

    await lanes.release(pool, "a", row["fence"], due_at=now + LEASE)

    assert await due_at(pool) == now + SECOND


async def test_with_an_old_fence_nothing_can_be_done(pool: Pool, now: datetime) -> None:
    await lanes.wake(pool, ["a"], at=now)
    assert await claim(pool, now)
    await lanes.expire(pool, now=now + LEASE + SECOND)
    assert await claim(pool, now + LEASE + SECOND)

    assert not await lanes.release(pool, "a", 1, due_at=None)
    assert not await lanes.renew(pool, "a", 1, now=now + LEASE + SECOND, lease=LEASE)
    assert not await lanes.still_ours(pool, "a", 1)
    assert await lanes.still_ours(pool, "a", 2)


async def test_a_lease_that_is_over_makes_the_lane_due_and_one_that_is_not_does_not(pool: Pool, now: datetime) -> None:
    await lanes.wake(pool, ["a", "b"], at=now)
    assert await claim(pool, now)

    assert await lanes.expire(pool, now=now + LEASE) == []
    assert await lanes.expire(pool, now=now + LEASE + SECOND) == ["a"]
    assert await due_at(pool) == now + LEASE + SECOND


async def test_only_so_many_due_lanes_are_listed_the_longest_due_first(pool: Pool, now: datetime) -> None:
    for n, key in enumerate("cab"):
        await lanes.wake(pool, [key], at=now + n * SECOND)

    assert await lanes.due(pool, now=now + LEASE, limit=2) == ["c", "a"]
    assert await lanes.due(pool, now=now, limit=9) == ["c"]
