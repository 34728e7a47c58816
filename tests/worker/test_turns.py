"""Every workflow has its turn at a worker's slots, and what is urgent finds one free."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from throughline.core.events import OpportunityWon
from throughline.core.priority import Priority
from throughline.core.workflow import Flow, workflow
from throughline.store import lanes
from throughline.worker import BATCH, LANES_AT_ONCE, Worker
from throughline.worker.turns import Turns


def jain(shares: list[int]) -> float:
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))


class Backlog:
    """A queue of names, and slots that are held for so many rounds each."""

    def __init__(self, turns: Turns, waiting: dict[str, int], lasts: dict[str, int] | None = None) -> None:
        self.turns, self.waiting, self.lasts = turns, waiting, lasts or {}
        self.held: list[tuple[str, int]] = []
        self.done: list[str] = []

    def round(self) -> None:
        """What has lasted long enough is done, and whoever may comes in."""
        self.done += [name for name, left in self.held if left <= 0]
        self.held = [(name, left - 1) for name, left in self.held if left > 0]
        for names, n in self.turns.choices(Counter(name for name, _ in self.held)):
            got = self._first(names, n)
            self.turns.took(names, Counter(got), asked=n)
            self.held += [(name, self.lasts.get(name, 0)) for name in got]
            if got:
                return

    def _first(self, names: list[str], n: int) -> list[str]:
        """As the queue does it: the most urgent, and then in the order they were put there."""
        ranked = sorted((name for name in self.waiting if name in names), key=lambda e: self.turns.priorities[e].rank)
        got = [name for name in ranked for _ in range(self.waiting[name])][:n]
        for name in got:
            self.waiting[name] -= 1
        return got


def turns(**priorities: str) -> Turns:
    return Turns({name: Priority(said) for name, said in priorities.items()}, slots=50, batch=25)


def test_equal_workflows_get_equal_shares_whoever_came_first() -> None:
    names = [f"w{n}" for n in range(8)]
    backlog = Backlog(turns(**dict.fromkeys(names, "normal")), dict.fromkeys(names, 10_000))

    while len(backlog.done) < 5_000:
        backlog.round()

    assert jain([Counter(backlog.done)[name] for name in names]) >= 0.95


def test_one_that_had_nothing_to_do_has_saved_up_no_turns() -> None:
    backlog = Backlog(turns(old="normal", new="normal"), {"old": 100_000, "new": 0})
    while len(backlog.done) < 5_000:
        backlog.round()

    backlog.waiting["new"], backlog.done = 100_000, []
    while len(backlog.done) < 2_000:
        backlog.round()

    assert jain(list(Counter(backlog.done).values())) >= 0.95


@pytest.mark.parametrize("said", ["normal", "bulk"])
def test_ten_thousand_that_block_their_slots_leave_some_to_another_workflow(said: str) -> None:
    backlog = Backlog(turns(slow=said, quick="normal"), {"slow": 10_000, "quick": 0}, {"slow": 1_000})
    for _ in range(20):
        backlog.round()

    backlog.waiting["quick"] = 500
    for _ in range(200):
        backlog.round()

    assert Counter(backlog.done)["quick"] == 500


def test_what_is_urgent_is_begun_at_once_however_much_waits() -> None:
    backlog = Backlog(turns(bulk="bulk", urgent="urgent"), {"bulk": 10_000, "urgent": 0}, {"bulk": 5})
    for _ in range(40):
        backlog.round()

    backlog.waiting["urgent"], backlog.done = 1, []
    backlog.round()
    backlog.round()

    assert "urgent" in backlog.done


def test_one_workflow_alone_has_most_of_the_slots() -> None:
    backlog = Backlog(turns(only="normal", other="normal"), {"only": 10_000}, {"only": 1_000})

    for _ in range(20):
        backlog.round()

    assert len(backlog.held) >= 30


async def test_before_an_urgent_run_only_those_bulk_runs_end_that_had_begun(opened: Any) -> None:
    done: list[str] = []

    def noting(name: str, priority: Any) -> Any:
        @workflow(name, on=OpportunityWon, lane=lambda won: won.opportunity, priority=priority)
        async def notes(flow: Flow, won: OpportunityWon) -> None:
            await asyncio.sleep(0)
            done.append(f"{name} {won.opportunity} {flow.today:%Y}")

        return notes

    world = await opened(noting("month-end", "bulk"), noting("opens", "urgent"))
    worker = Worker(world.machine, "w-1")
    async with world.pool.acquire() as connection:
        await connection.execute(
            """insert into runs (id, workflow, lane, event_type, event, subject, state, parts, reads, attempt, passes,
                                 correlation, created_at, updated_at)
               select 'run-' || n, 'month-end', 'month-end:' || n, 'OpportunityWon',
                      jsonb_build_object('opportunity', n::text), 'x', 'due', '[]', '{}', 0, 0, 'x', $1, $1
               from generate_series(1, 2000) n""",
            world.clock(),
        )
    bulk = [f"month-end:{n}" for n in range(1, 2001)]
    await lanes.wake(world.pool, bulk, at=world.clock())
    await world.machine.wakes.now(bulk)
    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(30):
        while len(done) < 100:
            await asyncio.sleep(0.005)
        await world.start(OpportunityWon(opportunity="urgent-1"))
        await world.machine.wakes.now(["opens:urgent-1"])
        before = len(done)
        while not any(each.startswith("opens") for each in done):
            await asyncio.sleep(0.005)
    worker.stopping.set()
    await working

    # Bulk holds half of the slots; a batch may be brought together with the urgent one, and end before it.
    most = LANES_AT_ONCE // 2 + BATCH - 1
    assert next(n for n, each in enumerate(done) if each.startswith("opens")) - before <= most
    assert len(done) < 2000
