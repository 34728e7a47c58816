"""All workers together never press a system harder than it allows, and nearly as hard as it does."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import pytest

from throughline.core.errors import Retry
from throughline.core.firm import Limits
from throughline.hub.wire.budget import Budget, Gate
from throughline.store.database import Pool


def most_in_any(window: float, calls: list[float]) -> int:
    return max(sum(1 for call in calls if start <= call < start + window) for start in calls)


@pytest.mark.parametrize(("rate", "burst"), [(20.0, 20), (8.0, 2), (3.0, 3)])
async def test_two_processes_share_one_rate(pool: Pool, clock: Any, rate: float, burst: int) -> None:
    limits, began, calls = Limits(per_second=rate, burst=burst), clock(), list[float]()
    budgets = [Budget(pool, "north", limits, clock, sleep=clock.sleep) for _ in range(2)]

    async def press(budget: Budget) -> None:
        for _ in range(60):
            with contextlib.suppress(Retry):  # that is fair when the other one was quicker each time
                await budget.spend()
                calls.append((clock() - began).total_seconds())

    await asyncio.gather(*(press(budget) for budget in budgets))

    lasted = max(calls)
    assert most_in_any(1, calls) <= burst + rate
    assert len(calls) <= burst + rate * lasted + 0.001
    assert len(calls) >= 0.9 * rate * lasted


async def test_calls_leased_in_quiet_times_are_not_added_to_a_full_bucket(pool: Pool, clock: Any) -> None:
    budgets = [Budget(pool, "north", Limits(per_second=20, burst=20), clock, sleep=clock.sleep) for _ in range(3)]
    for budget in budgets:
        await budget.spend()
    clock.advance(60)
    began = clock()

    done = 0
    while clock() == began:
        await budgets[done % 3].spend()
        done += clock() == began

    assert done <= 20


async def test_a_bucket_that_stays_empty_sends_the_run_away_instead_of_keeping_it(pool: Pool, clock: Any) -> None:
    budget = Budget(pool, "north", Limits(per_second=0.1, burst=1), clock, sleep=clock.sleep)
    await budget.spend()
    began = clock()

    with pytest.raises(Retry, match="budget of north is spent"):
        await budget.spend()

    assert clock() - began <= timedelta(seconds=10)


async def test_the_time_in_line_counts_for_everybody(pool: Pool, clock: Any) -> None:
    budget = Budget(pool, "north", Limits(per_second=1, burst=1), clock, sleep=clock.sleep)
    began, ended = clock(), list[float]()

    async def one() -> None:
        try:
            await budget.spend()
        except Retry:
            ended.append((clock() - began).total_seconds())

    await asyncio.gather(*(one() for _ in range(30)))

    assert len(ended) >= 20
    assert max(ended) <= 7


async def test_a_pause_is_obeyed_and_then_over(pool: Pool, clock: Any) -> None:
    budget = Budget(pool, "north", Limits(), clock)
    budget.pause(timedelta(seconds=30))
    clock.advance(10)

    with pytest.raises(Retry, match="asked us to wait") as caught:
        await budget.spend()

    assert caught.value.after == timedelta(seconds=20)
    clock.advance(20)
    await budget.spend()


async def test_a_shorter_pause_does_not_end_a_longer_one(pool: Pool, clock: Any) -> None:
    budget = Budget(pool, "north", Limits(), clock)
    budget.pause(timedelta(seconds=30))

    budget.pause(timedelta(seconds=1))

    clock.advance(5)
    with pytest.raises(Retry):
        await budget.spend()


async def test_whoever_stands_in_line_when_a_pause_begins_obeys_it_too(pool: Pool, clock: Any) -> None:
    budget = Budget(pool, "north", Limits(per_second=1, burst=1), clock, sleep=clock.sleep)
    await budget.spend()

    async def throttled(seconds: float) -> None:
        clock.advance(seconds)
        budget.pause(timedelta(seconds=60))

    budget._sleep = throttled  # pyright: ignore[reportPrivateUsage] # only a test needs another sleep half way
    with pytest.raises(Retry, match="asked us to wait"):
        await budget.spend()


# ---- the gate


class Visitor:
    """Somebody inside the gate until told to go."""

    def __init__(self, gate: Gate) -> None:
        self.gate, self.inside, self.leave = gate, asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._visit())

    async def _visit(self) -> None:
        async with self.gate:
            self.inside.set()
            await self.leave.wait()

    async def go(self) -> None:
        self.leave.set()
        await self.task


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def visitors(gate: Gate, n: int) -> list[Visitor]:
    found: list[Visitor] = []
    for _ in range(n):
        found.append(Visitor(gate))
        await turn()
    return found


def inside(found: list[Visitor]) -> list[bool]:
    return [each.inside.is_set() for each in found]


async def test_so_many_are_inside_and_the_rest_come_in_the_order_they_came() -> None:
    found = await visitors(Gate(2), 4)
    assert inside(found) == [True, True, False, False]

    await found[1].go()
    await turn()

    assert inside(found) == [True, True, True, False]
    for each in (found[0], found[2], found[3]):
        await each.go()


async def test_nobody_slips_past_those_who_wait() -> None:
    gate = Gate(1)
    first, second = await visitors(gate, 2)
    first.leave.set()

    late = Visitor(gate)
    await turn()

    assert inside([second, late]) == [True, False]
    await second.go()
    await late.go()


async def test_one_who_gives_up_while_waiting_leaves_no_hole() -> None:
    found = await visitors(Gate(1), 3)

    found[1].task.cancel()
    await turn()
    await found[0].go()
    await turn()

    assert inside(found) == [True, False, True]
    await found[2].go()


async def test_one_who_gives_up_at_the_very_moment_of_being_let_in_passes_the_place_on() -> None:
    found = await visitors(Gate(1), 3)

    found[0].leave.set()
    await found[0].task
    found[1].task.cancel()
    await turn()

    assert found[1].task.cancelled()
    assert inside(found)[2]
    await found[2].go()


async def test_an_error_inside_gives_the_place_back() -> None:
    gate = Gate(1)

    with pytest.raises(ZeroDivisionError):
        async with gate:
            raise ZeroDivisionError

    (after,) = await visitors(gate, 1)
    assert after.inside.is_set()
    await after.go()


async def test_workers_share_a_system_s_pool_among_them() -> None:
    gate = Gate(6)

    gate.share(4)

    found = await visitors(gate, 3)
    assert inside(found) == [True, False, False]
    gate.share(2)
    await turn()
    assert inside(found) == [True, True, True]
    for each in found:
        await each.go()


async def test_everybody_gets_at_least_one_and_no_limit_stays_none() -> None:
    narrow, open_gate = Gate(2), Gate(None)

    narrow.share(10)
    open_gate.share(10)

    assert narrow.limit == 1
    assert open_gate.limit is None
