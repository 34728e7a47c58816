"""Work of many callers in one go: who asks at the same time shares, and one bad item is nobody else's trouble."""

import asyncio
from collections.abc import Sequence

import pytest

from throughline.hub.together import MOST_AT_ONCE, Together


class Doubling:
    """Doubles numbers, and cannot stand thirteen."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_go = asyncio.Event()
        self.may_go.set()

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        await self.may_go.wait()
        if 13 in numbers:
            raise ValueError("thirteen")
        return [2 * number for number in numbers]


async def test_who_asks_at_the_same_moment_is_served_in_one_go() -> None:
    double = Doubling()
    together = Together(double)

    results = await asyncio.gather(*(together.one(n) for n in range(5)))

    assert results == [0, 2, 4, 6, 8]
    assert double.batches == [[0, 1, 2, 3, 4]]


async def test_who_comes_while_one_batch_is_under_way_gathers_for_the_next() -> None:
    double = Doubling()
    together = Together(double)
    double.may_go.clear()

    first = asyncio.create_task(together.one(1))
    while not double.batches:
        await asyncio.sleep(0)
    later = [asyncio.create_task(together.one(n)) for n in (2, 3)]
    await asyncio.sleep(0)
    double.may_go.set()

    assert await asyncio.gather(first, *later) == [2, 4, 6]
    assert double.batches == [[1], [2, 3]]


async def test_no_batch_is_larger_than_it_may_be() -> None:
    double = Doubling()

    together = Together(double)
    await asyncio.gather(*(together.one(100) for _ in range(2 * MOST_AT_ONCE + 1)))

    assert [len(batch) for batch in double.batches] == [MOST_AT_ONCE, MOST_AT_ONCE, 1]


async def test_one_bad_item_fails_alone() -> None:
    together = Together(Doubling())

    results = await asyncio.gather(*(together.one(n) for n in (1, 13, 2)), return_exceptions=True)

    assert results[0] == 2
    assert str(results[1]) == "thirteen"
    assert results[2] == 4


async def test_a_caller_who_goes_away_takes_nobody_along() -> None:
    double = Doubling()
    together = Together(double)
    double.may_go.clear()

    gone, stays = asyncio.create_task(together.one(1)), asyncio.create_task(together.one(2))
    while not double.batches:
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    double.may_go.set()

    assert await stays == 4
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_after_a_failure_the_next_are_served() -> None:
    together = Together(Doubling())

    with pytest.raises(ValueError, match="thirteen"):
        await together.one(13)

    assert await together.one(4) == 8
