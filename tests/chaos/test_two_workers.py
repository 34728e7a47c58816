"""Workers on one database: they share the load, and what one leaves behind when it is killed the others take over."""

import signal
import time
from collections import Counter

import pytest

from tests.chaos.oracle import twice, what_came
from tests.chaos.stage import Stage, said

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chaos")]

DEALS, FAIR_SHARE, LONGEST_STUCK = 60, 0.2, 30
POLL = "poll of salesforce opportunity"


async def test_two_share_the_load_and_nothing_of_the_killed_one_is_stuck_for_more_than_thirty_seconds(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    await (await stage.first_day()).kill()
    await stage.sell(DEALS)
    one = await stage.worker("one", report=stage.home / "one", lanes_at_once=8)
    await stage.worker("two", report=stage.home / "two", lanes_at_once=8)
    normal = await stage.until(lambda: stage.ended(DEALS // 2), seconds=60)
    began = time.monotonic()
    await one.kill()
    left = await stage.pool.fetchval("select count(*) from lanes where worker like 'one%' and lease_until is not null")
    await stage.settled(LONGEST_STUCK + 30)
    took = time.monotonic() - began

    passes = Counter({name: len(lanes_of(stage, name)) for name in ("one", "two")})
    with capsys.disabled():
        print(f"\nlanes {dict(passes)}, {left} in work when one was killed, all done {took:.1f} s after")
    assert min(passes.values()) >= FAIR_SHARE * DEALS / 2, passes
    assert left > 0, "it was killed while it did nothing"
    assert took <= LONGEST_STUCK + normal
    assert set((await stage.states()).values()) <= {"done", "held"}
    held = await stage.open_holds()
    came = what_came(stage.estate, stage.sold)
    assert {d: w for d, each in came.items() if (w := each.wrong(kick_offs=None, handed_off=d not in held))} == {}
    assert all(each.kick_offs == 1 for deal, each in came.items() if deal not in held)
    assert twice(stage.estate) == {}


async def test_a_worker_killed_in_a_poll_keeps_nobody_from_polling_for_more_than_thirty_seconds(stage: Stage) -> None:
    await (await stage.first_day()).kill()
    await stage.sell(1)
    dying = await stage.worker("dying", works=False, stop={POLL: 0}, only="before commit of records")
    assert await dying.over() == -signal.SIGKILL
    await stage.worker("other")

    assert await stage.settled(LONGEST_STUCK + 10) <= LONGEST_STUCK

    (came,) = what_came(stage.estate, stage.sold).values()
    assert came.wrong() == {}


def lanes_of(stage: Stage, name: str) -> set[str]:
    """The lanes a worker did something in."""
    return {who for who, number, _ in said(stage.home / name) if number > 1 and not who.startswith("poll")}
