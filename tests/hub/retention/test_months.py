"""Captures are kept in months: opened ahead, left when the calendar turns, and looked through without the others."""

from typing import Any

from throughline.store import captures, months
from throughline.store.months import WIDTH


async def test_what_comes_in_a_new_month_is_numbered_and_kept_apart(kept: Any) -> None:
    await kept.tick()
    (first,) = await kept.captures(1)
    kept.later(days=31)
    await kept.tick()
    (second,) = await kept.captures(1)

    assert (first // WIDTH, second) == (1, 2 * WIDTH)
    said = await months.listed(kept.pool)
    assert said[1]["left_at"] == kept.now
    assert said[2]["left_at"] is None


async def test_a_month_in_which_nothing_came_is_not_left(kept: Any) -> None:
    await kept.tick()
    kept.later(days=200)
    await kept.tick()
    (first,) = await kept.captures(1)

    assert first == WIDTH
    assert (await months.listed(kept.pool))[1]["opened_at"] == kept.now


async def test_two_months_are_always_there_before_they_are_needed(kept: Any) -> None:
    for _ in range(5):
        await kept.captures(1)
        kept.later(days=31)
        await kept.tick()

    current = months.number_of((await months.newest(kept.pool))[0])
    assert [number for number, _ in await months.parts(kept.pool)][-6:] == [
        number for number in range(current, current + 3) for _ in ("in", "out")
    ]


async def test_a_month_that_overflows_goes_on_into_the_next(kept: Any) -> None:
    await kept.tick()
    await kept.pool.execute("select setval('captures_id_seq', $1)", 2 * WIDTH - 2)
    assert await kept.captures(3) == [2 * WIDTH - 1, 2 * WIDTH, 2 * WIDTH + 1]
    await kept.tick()

    said = await months.listed(kept.pool)
    assert (said[1]["left_at"], said[2]["left_at"]) == (kept.now, None)
    assert await kept.pool.fetchval("select to_regclass('captures_4_in')")


async def test_a_month_that_is_nearly_used_up_is_not_followed_by_one_it_may_run_into(kept: Any) -> None:
    await kept.tick()
    await kept.pool.execute("select setval('captures_id_seq', $1)", 2 * WIDTH - 2)
    kept.later(days=31)
    await kept.tick()

    assert await kept.captures(1) == [3 * WIDTH]


async def test_opening_a_month_waits_for_nobody_who_writes_captures(kept: Any) -> None:
    await kept.pool.execute("set lock_timeout = '2s'")
    async with kept.pool.acquire() as writer, writer.transaction():
        await writer.execute("lock table captures in row exclusive mode")
        await kept.tick()
        await kept.captures(1)

    assert await kept.pool.fetchval("select to_regclass('captures_3_in')")


async def test_old_repeats_are_forgotten_and_young_ones_are_not(kept: Any) -> None:
    await captures.new_notices(kept.pool, "north", ["old"], now=kept.now)
    kept.later(days=20)
    await captures.new_notices(kept.pool, "north", ["young"], now=kept.now)
    keys = "insert into idempotency_keys (key, request, at) values ($1, 'r', $2)"
    await kept.pool.execute(keys, "young", kept.now)
    kept.later(days=20)
    await kept.tick()

    assert await captures.known_notices(kept.pool, "north", ["old", "young"]) == {"young"}
    assert await kept.pool.fetchval("select count(*) from idempotency_keys") == 1
    kept.later(days=40)
    await kept.tick()
    assert await kept.pool.fetchval("select count(*) from idempotency_keys") == 0
