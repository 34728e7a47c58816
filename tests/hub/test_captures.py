"""The group writer: many captures to a commit, and none of them lost without a word."""

import asyncio
from typing import Any

import pytest
import structlog

from throughline.core.clock import Clock
from throughline.hub.captures import MOST_AT_ONCE, Captures
from throughline.store.captures import Capture
from throughline.store.database import Pool


def capture(clock: Clock, n: int = 0, **other: Any) -> Capture:
    given: dict[str, Any] = {
        "at": clock(), "system": "north", "direction": "out", "state": "done", "method": "GET", "url": f"/{n}",
        "status": 200, "outcome": "fine", "took_ms": 1.0, "correlation": None, "run": None, "request_headers": {},
        "request_body": b"", "answer_headers": {}, "answer_body": b"",
    }  # fmt: skip
    return Capture(**(given | other))


async def kept(pool: Pool) -> list[str]:
    return [row["url"] for row in await pool.fetch("select url from captures order by id")]


async def away(pool: Pool) -> None:
    """The table is out of reach, as when the database is away."""
    await pool.execute("alter table captures rename to captures_away")


async def back(pool: Pool) -> None:
    await pool.execute("alter table captures_away rename to captures")


async def test_many_captures_are_all_kept_in_order_and_few_commits_are_needed(pool: Pool, clock: Any) -> None:
    async with Captures(pool) as captures:
        for n in range(1234):
            captures.keep(capture(clock, n))
        await captures.safe()

    assert await kept(pool) == [f"/{n}" for n in range(1234)]
    assert await pool.fetchval("select count(distinct xmin::text) from captures") == 3


async def test_safe_waits_for_everything_kept_so_far_however_much_it_is(pool: Pool, clock: Any) -> None:
    async with Captures(pool) as captures:
        for n in range(MOST_AT_ONCE * 2 + 1):
            captures.keep(capture(clock, n))

        await captures.safe()

        assert len(await kept(pool)) == MOST_AT_ONCE * 2 + 1


async def test_safe_waits_for_a_batch_that_is_being_written_already(pool: Pool, clock: Any) -> None:
    async with Captures(pool) as captures, pool.acquire() as other, other.transaction():
        await other.execute("lock table captures in exclusive mode")
        captures.keep(capture(clock))
        for _ in range(100):
            await asyncio.sleep(0)

        waiting = asyncio.create_task(captures.safe())
        for _ in range(100):
            await asyncio.sleep(0)

        assert not waiting.done()
        waiting.cancel()


async def test_safe_returns_at_once_when_nothing_is_waiting(pool: Pool) -> None:
    async with Captures(pool) as captures:
        await captures.safe()


async def test_many_who_wait_are_all_answered(pool: Pool, clock: Any) -> None:
    async def one(n: int) -> list[str]:
        captures.keep(capture(clock, n))
        await captures.safe()
        return await kept(pool)

    async with Captures(pool) as captures:
        seen = await asyncio.gather(*(one(n) for n in range(40)))

    assert all(f"/{n}" in found for n, found in enumerate(seen))


async def test_a_failure_is_passed_on_and_what_failed_is_written_later(pool: Pool, clock: Any) -> None:
    async with Captures(pool) as captures:
        await away(pool)
        captures.keep(capture(clock, 1))
        captures.keep(capture(clock, 2))
        with pytest.raises(Exception, match="captures"):
            await captures.safe()

        await back(pool)
        captures.keep(capture(clock, 3))
        await captures.safe()

        assert await kept(pool) == ["/1", "/2", "/3"]


async def test_what_failed_is_tried_again_even_if_nothing_more_comes(pool: Pool, clock: Any) -> None:
    async with Captures(pool, try_again_seconds=0.01) as captures:
        await away(pool)
        captures.keep(capture(clock, 1))
        with pytest.raises(Exception, match="captures"):
            await captures.safe()

        await back(pool)
        async with asyncio.timeout(5):
            while not await kept(pool):
                await asyncio.sleep(0.01)


async def test_one_that_can_never_be_written_is_said_aloud_and_costs_the_others_nothing(pool: Pool, clock: Any) -> None:
    async with Captures(pool) as captures:
        with structlog.testing.capture_logs() as logged:
            for n in range(5):
                captures.keep(capture(clock, n, **({"url": "/\x00"} if n == 2 else {})))
            await captures.safe()

    assert await kept(pool) == ["/0", "/1", "/3", "/4"]
    assert [each["event"] for each in logged] == ["capture.unwritable"]


async def test_whoever_waits_for_the_one_that_can_never_be_written_is_told(pool: Pool, clock: Any) -> None:
    async with Captures(pool) as captures:
        captures.keep(capture(clock, 0))
        first = asyncio.create_task(captures.safe())
        await asyncio.sleep(0)
        captures.keep(capture(clock, 1, state="nonsense"))

        with pytest.raises(Exception, match="captures_state_check"):
            await captures.safe()

        await first
        assert await kept(pool) == ["/0"]


async def test_odd_characters_from_a_vendor_are_kept_as_well_as_they_can_be(pool: Pool, clock: Any) -> None:
    headers = {"a": "x\x00y", "b": "\udce9", "c": "\U0001f600", "d": "\\u0000", "e": "\\\x00"}

    async with Captures(pool) as captures:
        captures.keep(capture(clock, answer_headers=headers))
        await captures.safe()

    assert await pool.fetchval("select answer_headers from captures") == {
        "a": "x\ufffdy", "b": "\ufffd", "c": "\U0001f600", "d": "\\u0000", "e": "\\\ufffd",
    }  # fmt: skip


async def test_leaving_waits_until_everything_is_written(pool: Pool, clock: Any) -> None:
    async with Captures(pool) as captures:
        captures.keep(capture(clock, 1))
        for _ in range(3):
            await asyncio.sleep(0)

    assert await kept(pool) == ["/1"]


async def test_leaving_without_having_written_is_said_aloud(pool: Pool, clock: Any) -> None:
    with structlog.testing.capture_logs() as logged:
        async with Captures(pool) as captures:
            await away(pool)
            captures.keep(capture(clock, 1))
    await back(pool)

    assert (logged[-1]["event"], logged[-1]["n"]) == ("captures.lost", 1)


async def test_a_long_absence_does_not_fill_the_memory_and_what_is_dropped_is_said_aloud(
    pool: Pool, clock: Any
) -> None:
    async with Captures(pool, most_waiting=10) as captures:
        await away(pool)
        with structlog.testing.capture_logs() as logged:
            for n in range(13):
                captures.keep(capture(clock, n))
            with pytest.raises(Exception, match="captures"):
                await captures.safe()
        await back(pool)
        captures.keep(capture(clock, 13))
        await captures.safe()

    assert await kept(pool) == [f"/{n}" for n in range(3, 14)]
    assert [each["n"] for each in logged if each["event"] == "captures.lost"] == [3]


async def test_one_who_stops_waiting_disturbs_nobody(pool: Pool, clock: Any) -> None:
    async with Captures(pool) as captures:
        captures.keep(capture(clock, 1))
        hasty, patient = asyncio.create_task(captures.safe()), asyncio.create_task(captures.safe())
        await asyncio.sleep(0)
        hasty.cancel()

        await patient

    assert await kept(pool) == ["/1"]
