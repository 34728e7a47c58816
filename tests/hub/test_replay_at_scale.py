"""Ten thousand items, counted at the pretend system: each once, however often they are replayed. Prints how long."""

import asyncio
import json
import os
import time
from typing import Any

import pytest

from tests.hub.test_replays import RATES, deal, made, opens, replay
from throughline.hub import dead_letters, replaying, replays
from throughline.store import captures, lanes
from throughline.store.captures import Capture

pytestmark = pytest.mark.slow

ITEMS = int(os.environ.get("REPLAYED", "10000"))
AT_ONCE = 50  # as a worker has


async def test_ten_thousand_dead_letters_go_through_twice_and_are_done_once(
    opened: Any, estate: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    world = await opened(opens)
    RATES.add("rate")
    await captures.keep(world.pool, [delivery(world.clock(), n) for n in range(ITEMS)])
    for row in await world.pool.fetch("select id from captures order by id"):
        await dead_letters.delivery(world.pool, "north", row["id"], ZeroDivisionError("no hours"), now=world.clock())

    began = time.monotonic()
    first = await all_of_it(world, await replay(world, "dead_letters"))
    took = time.monotonic() - began
    began = time.monotonic()
    runs = await all_of_it(world, await replay(world, workflow="opens"))
    again = time.monotonic() - began
    with capsys.disabled():
        print(
            f"\n{ITEMS} dead letters with their runs of three effects: {took:.0f} s; the runs once more: {again:.0f} s"
        )

    assert first.counts == runs.counts == {"done": ITEMS}
    assert made(estate) == {"south": ITEMS, "east": ITEMS, "west": ITEMS}
    assert len(estate.calls("PUT")) == ITEMS
    assert len([each for each in estate.calls("POST") if "/token" not in each.url]) == 2 * ITEMS


def delivery(at: Any, n: int) -> Capture:
    body = {"id": f"notice-{n}", "kind": "opportunity", "key": f"N{n}", "record": deal(f"N{n}")}
    return Capture(at, "north", "in", "failed", "POST", "/hooks/north", None, "fine", None, None, None, {},
                   json.dumps(body).encode(), {}, b"")  # fmt: skip


async def all_of_it(world: Any, id_: str) -> Any:
    """Turns and passes side by side, as in a worker."""
    over = False
    while not over:
        over = await replaying.turn(world.machine, id_)
        await passes(world)
    return await replays.progress(world.machine, id_)


async def passes(world: Any) -> None:
    runner = world.machine.runner("worker-1")
    while due := await lanes.due(world.pool, now=world.clock(), limit=1000):
        for n in range(0, len(due), AT_ONCE):
            await asyncio.gather(*(runner.work(lane) for lane in due[n : n + AT_ONCE]))
