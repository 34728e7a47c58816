"""A worker dies at every boundary of opportunity-to-project: before and after each commit and each effect."""

import random
import signal

import pytest

from tests.chaos.oracle import twice, what_came
from tests.chaos.stage import Stage, said

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chaos")]

POLL = "poll of salesforce opportunity"
SEED = random.SystemRandom().randrange(10**6)


async def test_the_end_is_the_same_wherever_the_worker_died_and_where_it_died_again_while_recovering(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    every = await boundaries(stage)
    await stage.sell(len(every))
    for number in range(6):
        await a_poll_dies(stage, number)
    lanes = await stage.lanes()
    assert len(lanes) == len(every)

    died = await all_die(stage, "first", {lane: number for number, lane in enumerate(lanes.values())})
    chance = random.Random(SEED)
    again = {lane: chance.randrange(8) for lane in (await stage.lanes()).values()}
    died_again = await all_die(stage, "second", again)
    await stage.time_passes()
    await stage.worker("last")
    took = await stage.settled(60)

    with capsys.disabled():
        print(f"\n{len(every)} boundaries, {len(died_again)} deaths while recovering (seed {SEED}), {took:.1f} s after")
    assert sorted(died.values()) == sorted(enumerate(every))
    came, states = what_came(stage.estate, stage.sold), await stage.states()
    in_the_dark = {d for d, lane in lanes.items() if any(dark(each.get(lane)) for each in (died, died_again))}
    assert {deal for deal, state in states.items() if state == "held"} == in_the_dark
    for deal, each in came.items():
        assert each.wrong(kick_offs=None, handed_off=deal not in in_the_dark) == {}, deal
        assert each.kick_offs <= 1 if deal in in_the_dark else each.kick_offs == 1, deal
    assert twice(stage.estate) == {}
    assert await stage.open_holds() == dict.fromkeys(in_the_dark, "unknown")

    for deal in in_the_dark:
        await stage.say(deal, "it arrived" if came[deal].kick_offs else "send it again")
    await stage.settled(30)

    assert set((await stage.states()).values()) == {"done"}
    assert {deal: wrong for deal, each in what_came(stage.estate, stage.sold).items() if (wrong := each.wrong())} == {}


async def boundaries(stage: Stage) -> list[str]:
    """What one deal passes through, from the claim of its lane to the commit that ends it."""
    report = stage.home / "every"
    life = await stage.first_day(report=report)
    await stage.sell(1)
    await stage.settled(30)
    life.send(signal.SIGTERM)
    await life.over()
    (lane,) = {row["lane"] for row in await stage.pool.fetch("select lane from runs where event ? 'opportunity'")}
    told = [what for who, _, what in said(report) if who == lane]
    assert sum(each.startswith("before P") for each in told) >= 22, "fewer effects than the process has"
    return told


async def a_poll_dies(stage: Stage, number: int) -> None:
    """Of a poll: the claim, the page with the records, the cursor and the runs they start, and the rest after it."""
    life = await stage.worker(f"poll-{number}", works=False, stop={POLL: number})
    assert await life.over() == -signal.SIGKILL
    await stage.time_passes()


async def all_die(stage: Stage, name: str, stop: dict[str, int]) -> dict[str, tuple[int, str]]:
    """A worker in which each lane comes to its own stop, and which is killed then; says where each one was."""
    report = stage.home / name
    await stage.time_passes()
    life = await stage.worker(name, stop=stop, report=report, lanes_at_once=200, connections=44)
    assert await life.over() == -signal.SIGKILL, life.log.read_text()[-3000:]
    at = {who: (number, what) for who, number, what in said(report)}
    return {lane: at[lane] for lane, number in stop.items() if lane in at and at[lane][0] == number}


def dark(death: tuple[int, str] | None) -> bool:
    """Whether somebody died here between writing down that Slack will be told and that it was."""
    what = death[1] if death else ""
    about_slack = "slack" in what or "chat." in what
    return about_slack and not what.startswith(("before commit of intent", "after commit of effects"))
