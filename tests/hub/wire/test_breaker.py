"""An endpoint that keeps failing rests for everybody, and one call tries it again."""

from datetime import timedelta
from typing import Any

import pytest

from throughline.core.errors import Retry
from throughline.hub.wire.breaker import FAILURES_TO_OPEN, Breaker
from throughline.store.database import Pool

HERE, THERE = "POST /here", "POST /there"


async def broken(breaker: Breaker, endpoint: str = HERE, times: int = FAILURES_TO_OPEN) -> None:
    for _ in range(times):
        await breaker.failed(endpoint, "500")


async def refused(breaker: Breaker, endpoint: str = HERE) -> Retry:
    with pytest.raises(Retry) as caught:
        await breaker.check(endpoint)
    return caught.value


async def test_an_endpoint_is_called_until_it_has_failed_so_often(pool: Pool, clock: Any) -> None:
    breaker = Breaker(pool, "north", clock)

    await broken(breaker, times=FAILURES_TO_OPEN - 1)

    await breaker.check(HERE)


async def test_it_opens_after_the_last_failure_too_many(pool: Pool, clock: Any) -> None:
    breaker = Breaker(pool, "north", clock)

    await broken(breaker)

    assert (await refused(breaker)).after == timedelta(seconds=2)


async def test_one_success_starts_the_count_again(pool: Pool, clock: Any) -> None:
    breaker = Breaker(pool, "north", clock)
    await broken(breaker, times=FAILURES_TO_OPEN - 1)

    await breaker.worked(HERE)
    await broken(breaker, times=FAILURES_TO_OPEN - 1)

    await breaker.check(HERE)


async def test_other_endpoints_and_systems_are_not_touched(pool: Pool, clock: Any) -> None:
    breaker, other = Breaker(pool, "north", clock), Breaker(pool, "south", clock)

    await broken(breaker)

    await breaker.check(THERE)
    await other.check(HERE)


async def test_other_workers_hear_of_it(pool: Pool, clock: Any) -> None:
    breaker, other = Breaker(pool, "north", clock), Breaker(pool, "north", clock)
    await other.check(HERE)

    await broken(breaker)
    clock.advance(1)

    await refused(other)


async def test_after_the_rest_one_call_of_all_workers_tries(pool: Pool, clock: Any) -> None:
    breaker, other = Breaker(pool, "north", clock), Breaker(pool, "north", clock)
    await broken(breaker)
    clock.advance(2)

    await breaker.check(HERE)

    await refused(breaker)
    await refused(other)


async def test_a_try_that_works_closes_it_for_everybody_at_once(pool: Pool, clock: Any) -> None:
    breaker, other = Breaker(pool, "north", clock), Breaker(pool, "north", clock)
    await broken(breaker)
    await refused(other)
    clock.advance(2)
    await breaker.check(HERE)
    await refused(other)

    await breaker.worked(HERE)
    clock.advance(1)

    await other.check(HERE)
    await other.check(HERE)
    await breaker.check(HERE)


async def test_a_try_that_fails_makes_the_next_rest_twice_as_long(pool: Pool, clock: Any) -> None:
    breaker = Breaker(pool, "north", clock)
    await broken(breaker)

    rests: list[timedelta | None] = []
    for _ in range(7):
        rests.append(after := (await refused(breaker)).after)
        assert after is not None
        clock.advance(after.total_seconds())
        await breaker.check(HERE)
        await breaker.failed(HERE, "500")

    assert [rest.total_seconds() for rest in rests if rest] == [2, 4, 8, 16, 32, 60, 60]


async def test_failures_of_calls_that_were_under_way_do_not_lengthen_the_rest(pool: Pool, clock: Any) -> None:
    breaker = Breaker(pool, "north", clock)

    await broken(breaker, times=FAILURES_TO_OPEN + 50)

    assert (await refused(breaker)).after == timedelta(seconds=2)


async def test_a_try_that_says_nothing_about_it_lets_the_next_one_try(pool: Pool, clock: Any) -> None:
    breaker, other = Breaker(pool, "north", clock), Breaker(pool, "north", clock)
    await broken(breaker)
    clock.advance(2)
    await breaker.check(HERE)

    await breaker.given_up(HERE)

    await other.check(HERE)
    await refused(breaker)


async def test_a_trying_worker_that_died_is_not_waited_for_longer_than_a_call_can_last(pool: Pool, clock: Any) -> None:
    breaker, other = Breaker(pool, "north", clock), Breaker(pool, "north", clock)
    await broken(breaker)
    clock.advance(2)
    await breaker.check(HERE)

    clock.advance(30)

    await other.check(HERE)
