"""Lanes whose worker is gone are freed; those of a living one are left alone."""

from datetime import UTC, datetime, timedelta

import pytest

from throughline.store import lanes, workers
from throughline.store.database import Pool

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEASE, SILENT = timedelta(seconds=30), timedelta(seconds=15)


async def claimed(pool: Pool, *, by: str, seen: datetime) -> None:
    await workers.beat(pool, by, host="here", pid=1, now=seen)
    await lanes.wake(pool, ["a-lane"], at=NOW)
    assert await lanes.claim(pool, ["a-lane"], worker=by, now=NOW, lease=LEASE)


async def swept(pool: Pool, *, after: int) -> list[str]:
    now = NOW + timedelta(seconds=after)
    return await lanes.expire(pool, now=now, silent_since=now - SILENT)


async def test_the_lane_of_a_silent_worker_is_freed_before_its_lease_is_over(pool: Pool) -> None:
    await claimed(pool, by="dead", seen=NOW)

    assert await swept(pool, after=14) == []
    assert await swept(pool, after=16) == ["a-lane"]


async def test_the_lane_of_a_worker_that_still_beats_is_its_own_until_the_lease_is_over(pool: Pool) -> None:
    await claimed(pool, by="alive", seen=NOW + timedelta(seconds=28))

    assert await swept(pool, after=29) == []
    assert await swept(pool, after=31) == ["a-lane"]


async def test_a_lane_just_claimed_by_a_worker_nobody_has_heard_of_is_given_time(pool: Pool) -> None:
    await claimed(pool, by="new", seen=NOW - timedelta(hours=1))

    assert await swept(pool, after=1) == []


async def test_a_freed_lane_is_due_again_and_its_old_fence_is_worth_nothing(pool: Pool) -> None:
    await claimed(pool, by="dead", seen=NOW)
    fence = await pool.fetchval("select fence from lanes")
    await swept(pool, after=16)

    rows = await lanes.claim(pool, ["a-lane"], worker="next", now=NOW + timedelta(seconds=17), lease=LEASE)

    assert rows["a-lane"]["fence"] != fence
    assert not await lanes.still_ours(pool, "a-lane", fence)


@pytest.mark.parametrize("seconds", [0, 10])
async def test_without_a_word_about_silence_only_the_lease_counts(pool: Pool, seconds: int) -> None:
    await claimed(pool, by="dead", seen=NOW - timedelta(hours=1))

    assert await lanes.expire(pool, now=NOW + timedelta(seconds=20 + seconds)) == []
