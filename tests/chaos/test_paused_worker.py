"""A worker that was paused for longer than its lease, as a frozen machine is, does nothing when it wakes."""

import asyncio
import signal

import psutil
import pytest

from tests.chaos.oracle import twice, what_came
from tests.chaos.stage import Stage, said
from tests.chaos.test_every_boundary import boundaries

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chaos")]

LEASE_SECONDS = 6.0


async def test_a_worker_paused_after_any_step_doubles_nothing_when_it_wakes(stage: Stage) -> None:
    # After, not before: between the check of the lease and the send only a key on the vendor's side could help, as
    # `hub/lease.py` says, and a pause inside of a transaction keeps the rows locked, so that nobody else comes in.
    pauses = [number for number, what in enumerate(await boundaries(stage)) if what.startswith("after")]
    await stage.sell(len(pauses))
    poll = await stage.worker("poll", works=False)
    await stage.until(lambda: stage.started(len(stage.sold)), seconds=30)
    await poll.kill()
    stop = dict(zip((await stage.lanes()).values(), pauses, strict=True))

    await stage.time_passes()
    paused = await stage.worker(
        "paused", stop=stop, only="after", end=signal.SIGSTOP, report=stage.home / "paused", lanes_at_once=200,
        connections=30, lease_seconds=LEASE_SECONDS,
    )  # fmt: skip
    await stage.until(lambda: is_stopped(paused.pid), seconds=60)
    before = said(stage.home / "paused")
    assert {who for who, _, _ in before} >= stop.keys()
    await stage.time_passes()
    other = await stage.worker("other", lanes_at_once=200, connections=20)
    await asyncio.sleep(LEASE_SECONDS)  # in the paused one's own eyes its lease must be over, too
    await stage.settled(60)
    other.send(signal.SIGTERM)
    await other.over()
    calls = {name: len(simulator.calls) for name, simulator in stage.estate.simulators.items()}
    paused.send(signal.SIGCONT)
    await stage.until(lambda: has_let_go(stage, stop), seconds=20)

    woken = said(stage.home / "paused")[len(before) :]
    assert {what for who, _, what in woken if who in stop} == {"before lanes", "after lanes"}, "it only lets go"
    assert changes_since(stage, calls) == []
    assert twice(stage.estate) == {}
    held = await stage.open_holds()
    assert set(held.values()) == {"unknown"}
    came = what_came(stage.estate, stage.sold)
    assert {d: w for d, each in came.items() if (w := each.wrong(kick_offs=None, handed_off=d not in held))} == {}
    assert all(each.kick_offs == 1 for deal, each in came.items() if deal not in held)


async def is_stopped(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED


async def has_let_go(stage: Stage, stop: dict[str, int]) -> bool:
    """Whether the woken worker has come to the end of each pass that was not over already."""
    last = {who: what for who, _, what in said(stage.home / "paused") if who in stop}
    return all(what == "after lanes" or is_the_end(what) for what in last.values())


def is_the_end(what: str) -> bool:
    """The commit that ends a pass, whatever it tells and begins besides."""
    return what.startswith("after commit of ") and "end of pass" in what


def changes_since(stage: Stage, calls: dict[str, int]) -> list[str]:
    """What any system was asked to change since then."""
    return [
        f"{name} {call['method']} {call['path']}"
        for name, n in calls.items()
        for call in list(stage.estate.simulators[name].calls)[n:]
        if call["method"] != "GET" and not any(word in call["path"] for word in ("suiteql", "oauth2"))
    ]
