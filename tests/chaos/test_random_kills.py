"""Thirty times kill -9 to a whole server under load, at any moment, while every vendor has a bad day."""

import asyncio
import random
import signal
import socket

import pytest

from tests.chaos.oracle import twice, what_came
from tests.chaos.stage import SETTLE_SECONDS, Stage

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chaos")]

KILLS, DEALS_AT_FIRST = 30, 20
SEED = random.SystemRandom().randrange(10**6)
LATE_SECONDS = SETTLE_SECONDS / 3
BAD_DAYS = [
    {"kind": "reset_after", "share": 0.03},
    {"kind": "error_after", "share": 0.03},
    {"kind": "throttle", "share": 0.02, "retry_after": 1},
    {"kind": "late", "share": 0.02, "seconds": LATE_SECONDS},
    {"kind": "hook_duplicate", "share": 0.3},
]
HOOKED = ("netsuite", "kantata", "slack")


async def test_after_thirty_kills_nothing_is_lost_nothing_is_doubled_and_what_nobody_knows_is_held(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, port = random.Random(SEED), free_port()
    with capsys.disabled():
        print(f"\nseed {SEED}")
    life = await stage.first_day(serves_at=port)
    for system in HOOKED:
        await stage.post(system, "hook", {"url": f"http://127.0.0.1:{port}/hooks/{system}"})
    await bad_days(stage, chance)
    await stage.sell(DEALS_AT_FIRST)
    at_work = list[int]()
    for number in range(KILLS):
        await stage.sell(1)
        await asyncio.sleep(chance.uniform(0.2, 1.4))
        life.send(signal.SIGKILL)
        assert await life.over() == -signal.SIGKILL, life.log.read_text()[-3000:]
        at_work.append(await stage.lanes_at_work())
        await stage.time_passes()
        life = await stage.worker(f"life-{number}", serves_at=port)
    for simulator in stage.estate.simulators.values():
        simulator.faults.clear()
    await stage.time_passes()
    took = await stage.settled(60)

    with capsys.disabled():
        print(f"{took:.1f} s after the last kill; lanes at work when killed: {at_work}")
    assert sum(n > 0 for n in at_work) >= KILLS / 4, "the kills met nobody at work"
    assert twice(stage.estate) == {}
    came, states, holds = what_came(stage.estate, stage.sold), await stage.states(), await stage.open_holds()
    assert states.keys() == came.keys()
    for deal, each in came.items():
        held = states[deal] == "held"
        assert each.wrong(kick_offs=None, handed_off=not held) == {}, (deal, states[deal])
        assert each.kick_offs <= 1 if held else each.kick_offs == 1, (deal, states[deal])
    assert holds == {deal: "unknown" for deal, state in states.items() if state == "held"}

    for deal in holds:
        await stage.say(deal, "it arrived" if came[deal].kick_offs else "send it again")
    await stage.settled(60)
    assert set((await stage.states()).values()) == {"done"}
    assert {deal: wrong for deal, each in what_came(stage.estate, stage.sold).items() if (wrong := each.wrong())} == {}


async def bad_days(stage: Stage, chance: random.Random) -> None:
    """Of whatever changes something, a share goes wrong; the simulators' own chance is seeded as well."""
    for simulator in stage.estate.simulators.values():
        simulator.chance.seed(chance.random())
        for fault in BAD_DAYS:
            for method in ("POST", "PUT", "PATCH"):
                simulator.faults.add({"times": None, "method": method, **fault})


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
