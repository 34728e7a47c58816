"""All workers together never press a system harder than it allows, and nearly as hard as it does. In virtual time."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.hub.wire.simulated import Crew, Memory, Vendor, most_in_any, now, run
from throughline.core.errors import Retry
from throughline.core.firm import Limits
from throughline.core.priority import Priority
from throughline.hub.wire.budget import Shared
from throughline.hub.wire.crowd import CROWD
from throughline.hub.wire.gate import Gate


def limits(**said: Any) -> Limits:
    return Limits.model_validate(said)


def window(calls: int, seconds: int) -> dict[str, int]:
    return {"calls": calls, "seconds": seconds}


async def pressed(vendor: Vendor, said: Limits, *, seconds: float, workers: int = 3, hands: int = 20,
                  priority: Priority = Priority.NORMAL, memory: Memory | None = None) -> None:  # fmt: skip
    crew = Crew(memory or Memory(), vendor, said, workers=workers)
    for gate in crew.gates:
        crew.press(gate, hands, priority)
    await crew.for_seconds(seconds)


GENEROUS = Limits(concurrency=200)


def gate(said: Limits, memory: Shared | None = None, worker: str = "w-1") -> Gate:
    return Gate("north", said, memory or Memory(), now, worker=worker)


# ---- never more than allowed, and nearly all of it


@pytest.mark.parametrize(("rate", "burst"), [(20.0, 20), (100.0, 40), (8.0, 2), (0.5, 1)])
def test_a_bucket_is_shared_by_all_workers(rate: float, burst: int) -> None:
    vendor = Vendor()

    run(pressed(vendor, limits(per_second=rate, burst=burst), seconds=120))

    for span in (1, 5, 30):
        assert most_in_any(span, vendor.arrived) <= burst + rate * span + 1e-6
    assert len(vendor.arrived) >= 0.9 * rate * 120


@pytest.mark.parametrize("priority", [Priority.NORMAL, Priority.BULK])
@pytest.mark.parametrize(("calls", "seconds"), [(100, 10), (6000, 300), (30, 2), (20, 60)])
def test_a_sliding_window_never_holds_more_calls_than_it_may(calls: int, seconds: int, priority: Priority) -> None:
    vendor = Vendor()

    run(pressed(vendor, limits(windows=[window(calls, seconds)]), seconds=4 * seconds, priority=priority))

    assert most_in_any(seconds, vendor.arrived) <= calls
    assert len(vendor.arrived) >= 0.9 * calls * 4


def test_several_limits_hold_together() -> None:
    vendor = Vendor(takes=0.2)

    said = limits(per_second=30, burst=30, windows=[window(100, 10), window(450, 60)], concurrency=7)
    run(pressed(vendor, said, seconds=180))

    assert vendor.most_inside <= 7
    assert most_in_any(10, vendor.arrived) <= 100
    assert most_in_any(60, vendor.arrived) <= 450
    assert len(vendor.arrived) >= 0.9 * 450 * 3


def test_a_day_s_quota_is_enforced_and_begins_anew_at_their_moment() -> None:
    vendor, an_hour = Vendor(), 3600

    run(pressed(vendor, limits(per_day=2000, day_begins="08:00", day_timezone="America/New_York"), seconds=2 * an_hour))

    before = [at for at in vendor.arrived if at < an_hour]  # it is noon in London, and seven there
    assert 0.9 * 2000 <= len(before) <= 2000
    assert 0.9 * 2000 <= len(vendor.arrived) - len(before) <= 2000


@pytest.mark.parametrize(("places", "workers"), [(15, 3), (5, 3), (2, 4), (1, 2)])
def test_places_are_one_pool_for_all_workers(places: int, workers: int) -> None:
    vendor = Vendor(takes=0.3)

    run(pressed(vendor, limits(concurrency=places), seconds=60, workers=workers))

    assert vendor.most_inside <= places
    assert len(vendor.arrived) * 0.3 >= 0.9 * places * 60


def test_a_worker_that_needs_few_places_leaves_the_others_to_those_who_need_them() -> None:
    vendor = Vendor(takes=0.3)

    async def uneven() -> None:
        crew = Crew(Memory(), vendor, limits(concurrency=12))
        for gate, hands in zip(crew.gates, (1, 30, 30), strict=True):
            crew.press(gate, hands)
        await crew.for_seconds(60)

    run(uneven())

    assert vendor.most_inside <= 12
    assert len(vendor.arrived) * 0.3 >= 0.9 * 12 * 60


def test_however_many_calls_there_are_the_database_sees_a_few_statements_a_second() -> None:
    memory, vendor = Memory(), Vendor(takes=0.02)

    run(pressed(vendor, limits(per_second=1000, burst=1000, concurrency=100), seconds=30, memory=memory, hands=40))

    assert len(vendor.arrived) >= 0.9 * 1000 * 30
    assert memory.statements <= 3 * 30 * 12


# ---- workers that die


def test_the_places_of_a_worker_that_died_come_back() -> None:
    vendor = Vendor(takes=1.0)

    async def one_dies() -> None:
        crew = Crew(Memory(), vendor, limits(concurrency=6), workers=2)
        dying = crew.press(crew.gates[0], 10)
        await asyncio.sleep(5)
        crew.ways[0].dead = True
        for hand in dying:
            hand.cancel()
        crew.press(crew.gates[1], 10)
        await asyncio.sleep(10)
        assert vendor.most_inside <= 6
        held = len([at for at in vendor.arrived if at > 6])
        await crew.for_seconds(60)
        assert held == 0
        assert len([at for at in vendor.arrived if at > 45]) >= 0.9 * 6 * (75 - 45)

    run(one_dies())

    assert vendor.most_inside <= 6


def test_a_gate_nobody_goes_through_gives_its_places_back() -> None:
    async def quiet() -> int:
        memory = Memory()
        idle, busy = (gate(limits(concurrency=3), memory, worker) for worker in ("w-1", "w-2"))
        for number in [await idle.enter() for _ in range(3)]:
            idle.leave(number)
        await asyncio.sleep(2)
        return len([await busy.enter() for _ in range(3)])

    assert run(quiet()) == 3


# ---- one that newly needs places


async def share_of_a_newcomer(memory: Memory, said: Limits, first: Any, *, after: float, takes: float = 0.5) -> int:
    """How many calls of a worker are under way at once, so long after it came; `first` is what others did before."""
    vendor = Vendor(takes=takes)
    doing = asyncio.create_task(first(gate(said, memory, "old"), gate(said, memory, "other")))
    await asyncio.sleep(10)
    crew = Crew(memory, vendor, said, workers=1)
    crew.press(crew.gates[0], 30)
    await asyncio.sleep(after)
    vendor.most_inside = 0
    await crew.for_seconds(2)
    doing.cancel()
    await asyncio.gather(doing, return_exceptions=True)
    return vendor.most_inside


async def one_call_of_many_hangs(old: Gate, _other: Gate) -> None:
    numbers = await asyncio.gather(*(old.enter() for _ in range(20)))
    for number in numbers[1:]:
        old.leave(number)
    await asyncio.sleep(25)


async def all_in_line_are_sent_away(old: Gate, other: Gate) -> None:
    numbers = [await other.enter() for _ in range(20)]
    await asyncio.gather(*(old.enter() for _ in range(30)), return_exceptions=True)
    for number in numbers:
        other.leave(number)


async def less_is_done_than_before(old: Gate, _other: Gate) -> None:
    for number in [await old.enter() for _ in range(20)]:
        old.leave(number)
    busy = await old.enter()
    while True:
        number = await old.enter()
        await asyncio.sleep(0.1)
        old.leave(number)
        if asyncio.get_running_loop().time() > 60:
            old.leave(busy)


async def more_is_wanted_than_there_is(old: Gate, _other: Gate) -> None:
    async def hand() -> None:
        while True:
            number = await old.enter(Priority.URGENT)
            await asyncio.sleep(2)
            old.leave(number)

    async with asyncio.TaskGroup() as hands:
        for _ in range(40):
            hands.create_task(hand())


@pytest.mark.parametrize(
    ("first", "share"),
    [
        (one_call_of_many_hangs, 19),
        (all_in_line_are_sent_away, 20),
        (less_is_done_than_before, 17),
        (more_is_wanted_than_there_is, 10),
    ],
)
def test_it_has_its_share_after_a_few_seconds_whatever_the_others_hold(first: Any, share: int) -> None:
    memory = Memory()

    found = run(share_of_a_newcomer(memory, limits(concurrency=20), first, after=3))

    assert found >= share


def test_what_is_given_back_costs_few_statements_and_none_when_there_is_nothing_left_to_give() -> None:
    async def counted(first: Any, seconds: float) -> int:
        memory = Memory()
        doing = asyncio.create_task(first(gate(limits(concurrency=20), memory), gate(limits())))
        await asyncio.sleep(seconds)
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)
        return memory.statements

    hangs = [run(counted(one_call_of_many_hangs, seconds)) for seconds in (10, 20)]
    a_few_calls = run(counted(less_is_done_than_before, 50))

    assert hangs[0] == hangs[1] <= 6
    # 500 calls, of which each had to ask if nothing were kept.
    assert a_few_calls <= 0.2 * 500


# ---- when they say that we are too fast


def allows(calls: int, seconds: float) -> Any:
    def does(allowed: list[float], at: float, _inside: int) -> bool:
        return sum(1 for each in allowed[-calls:] if each > at - seconds) < calls

    return does


@pytest.mark.parametrize("said", [limits(), limits(per_second=50, burst=50)], ids=["unlimited", "limited too high"])
@pytest.mark.parametrize(("calls", "seconds", "after"), [(10, 1, 1.0), (100, 10, 5.0), (3, 1, 2.0)])
def test_a_storm_of_refusals_is_not_amplified(said: Limits, calls: int, seconds: float, after: float) -> None:
    vendor = Vendor(allows(calls, seconds), retry_after=after)

    run(pressed(vendor, said, seconds=300))

    assert len(vendor.arrived) <= 1.1 * len(vendor.allowed) + 3 * 20  # and once what was on its way when it began
    assert len(vendor.allowed) >= 0.5 * calls / seconds * 300


def test_they_are_obeyed_by_all_workers_within_a_second() -> None:
    refused: list[float] = []

    def refuses(_allowed: list[float], at: float, _inside: int) -> bool:
        if at >= 10 and not refused:
            refused.append(at)
            return False
        return True

    vendor = Vendor(refuses, retry_after=30.0)
    run(pressed(vendor, limits(), seconds=60))

    told = refused[0] + 0.02
    silent = [at for at in vendor.arrived if told + 1 < at < told + 30]
    assert silent == []
    assert min(at for at in vendor.arrived if at > told + 2) <= told + 31


def test_whoever_stands_in_line_when_a_pause_begins_is_sent_away() -> None:
    async def told() -> Retry:
        north = gate(limits(per_second=0.5, burst=1))
        await north.enter()
        waiting = asyncio.create_task(north.enter())
        await asyncio.sleep(0.1)
        await north.throttled(timedelta(seconds=60), sent=now())
        with pytest.raises(Retry, match="asked us to wait") as caught:
            await waiting
        return caught.value

    error = run(told())

    assert error.after is not None
    assert 59 <= error.after.total_seconds() <= 60
    assert error.awaits == "north"


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    async def twice() -> None:
        north = gate(limits())
        await north.throttled(timedelta(seconds=30), sent=now())
        await north.throttled(timedelta(seconds=1), sent=now())
        await asyncio.sleep(5)
        with pytest.raises(Retry, match="asked us to wait"):
            await north.enter()

    run(twice())


# ---- who goes first


def test_the_most_urgent_goes_first_however_many_wait() -> None:
    order: list[Priority] = []

    async def crowd() -> None:
        north = gate(limits(concurrency=1))
        first = await north.enter()

        async def one(priority: Priority) -> None:
            number = await north.enter(priority)
            order.append(priority)
            north.leave(number)

        waiting = [asyncio.create_task(one(priority)) for priority in (*[Priority.BULK] * 8, *Priority)]
        await asyncio.sleep(0.5)
        north.leave(first)
        await asyncio.gather(*waiting)

    run(crowd())

    assert order[:2] == [Priority.URGENT, Priority.NORMAL]


@pytest.mark.parametrize("said", [limits(per_second=10, burst=20), limits(windows=[window(200, 20)])])
def test_bulk_never_delays_a_call_of_the_others_for_long(said: Limits) -> None:
    waits: list[float] = []

    async def mixed() -> None:
        crew = Crew(Memory(), Vendor(), said)
        for each in crew.gates[:2]:
            crew.press(each, 20, Priority.BULK)
        await asyncio.sleep(60)
        for _ in range(10):
            began = asyncio.get_running_loop().time()
            crew.gates[2].leave(await crew.gates[2].enter(Priority.URGENT))
            waits.append(asyncio.get_running_loop().time() - began)
            await asyncio.sleep(10)
        await crew.for_seconds(1)

    run(mixed())

    assert max(waits) <= 0.5


def test_a_pass_that_has_begun_is_not_sent_away_for_newcomers_and_makes_its_calls_once() -> None:
    """A pass that is sent away in its middle begins again: all its calls were for nothing."""
    calls_of_a_pass, calls, whole = 8, 0, 0

    async def passes(north: Gate) -> None:
        nonlocal calls, whole
        while True:
            try:
                for n in range(calls_of_a_pass):
                    number = await north.enter(begun=n > 0)
                    await asyncio.sleep(0.1)
                    north.leave(number)
                    calls += 1
                whole += 1
            except Retry as retry:
                await asyncio.sleep((retry.after or timedelta(seconds=1)).total_seconds())

    async def saturated() -> None:
        north = gate(limits(per_second=20, burst=60, concurrency=6))
        lanes = [asyncio.create_task(passes(north)) for _ in range(200)]
        await asyncio.sleep(120)
        for each in lanes:
            each.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)

    run(saturated())

    assert calls >= 0.9 * 20 * 120
    assert whole * calls_of_a_pass >= 0.95 * calls


def test_a_bucket_that_stays_empty_sends_the_run_away_instead_of_keeping_it() -> None:
    async def empty() -> tuple[Retry, float]:
        north = gate(limits(per_second=0.1, burst=1))
        await north.enter()
        with pytest.raises(Retry, match="budget of north is spent") as caught:
            await north.enter()
        return caught.value, asyncio.get_running_loop().time()

    error, lasted = run(empty())

    assert lasted <= 6
    assert error.awaits == "north"


@pytest.mark.parametrize(("said", "failures"), [(limits(), 0), (GENEROUS, 3)], ids=["no limits", "unwell"])
def test_where_nothing_moves_a_crowd_is_sent_away_at_once_and_the_urgent_may_stay(said: Limits, failures: int) -> None:
    async def slow() -> None:
        north = gate(said)
        for _ in range(failures):
            north.answered(well=False)
        for _ in range(CROWD):
            await north.enter()
        await asyncio.sleep(3)
        north.room(now())
        assert north.room(now()) == 0
        with pytest.raises(Retry, match="is busy"):
            await north.enter()
        await north.enter(Priority.URGENT)

    run(slow())


@pytest.mark.parametrize(
    "said",
    [limits(concurrency=200), limits(per_second=40, burst=40), limits(windows=[window(400, 10)])],
    ids=["places", "rate", "window"],
)
def test_a_slow_system_that_is_well_is_used_as_much_as_it_allows(said: Limits) -> None:
    vendor = Vendor(takes=5.0)

    run(pressed(vendor, said, seconds=120, hands=150))

    assert len([at for at in vendor.arrived if at >= 20]) >= 0.9 * 40 * (120 - 20)


@pytest.mark.parametrize(
    ("said", "failures", "excused"), [(GENEROUS, 0, 30), (GENEROUS, 3, CROWD), (limits(), 0, CROWD)]
)
def test_those_who_wait_need_no_slot_but_only_a_crowd_of_them_where_no_limits_hold_them_back(
    said: Limits, failures: int, excused: int
) -> None:
    async def slow() -> list[int]:
        north = gate(said)
        for _ in range(failures):
            north.answered(well=False)
        await asyncio.gather(*(north.enter(lane=f"lane-{n}") for n in range(30)))
        at_first = len([*north.waiting(now())])
        await asyncio.sleep(0.5)
        return [at_first, len([*north.waiting(now())])]

    assert run(slow()) == [0, excused]


def test_one_that_fails_is_pressed_less_until_it_answers_again() -> None:
    async def failing() -> list[int]:
        north = gate(limits(concurrency=200))
        for _ in range(100):
            await north.enter()
        rooms = [north.room(now())]
        for well in (False, False, False, True):
            await asyncio.sleep(1)
            north.answered(well=well)
            rooms.append(north.room(now()))
        return rooms

    assert run(failing())[1:] == [CROWD, CROWD, 0, CROWD]


# ---- one that gives up


@pytest.mark.parametrize("let_in", [False, True])
def test_one_who_gives_up_leaves_no_hole(let_in: bool) -> None:
    async def given_up() -> None:
        north = gate(limits(concurrency=1))
        first = await north.enter()
        second, third = asyncio.create_task(north.enter()), asyncio.create_task(north.enter())
        await asyncio.sleep(0.1)
        if let_in:
            north.leave(first)  # it is let in at this very moment
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        if not let_in:
            north.leave(first)
        await asyncio.wait_for(third, 1)

    run(given_up())


def test_a_database_that_is_away_is_everybody_s_error_who_waits() -> None:
    class Away:
        async def turn(self, change: Any) -> Any:
            raise ConnectionError(f"away, and {change} with it")

    async def asked() -> list[Any]:
        north = gate(limits(per_second=1), Away())
        return await asyncio.gather(*(north.enter() for _ in range(3)), return_exceptions=True)

    assert [type(each) for each in run(asked())] == [ConnectionError] * 3
