"""One row that all workers share: nobody waits for a lock, and nobody writes over what another has written."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from throughline.core.budget import Ask, Budget, grant
from throughline.core.errors import Retry
from throughline.core.firm import Limits
from throughline.core.priority import Priority
from throughline.hub.wire.budget import SharedBudget
from throughline.hub.wire.gate import Gate
from throughline.store.database import Pool

LIMITS = Limits.model_validate({"per_day": 1000, "windows": [{"calls": 500, "seconds": 60}], "concurrency": 9})


def asking(worker: str, clock: Any) -> Any:
    def asked(budget: Budget) -> Any:
        return grant(LIMITS, budget, Ask(worker, Priority.URGENT, calls=7, places=3), clock())

    return asked


async def test_what_is_written_is_read_back_as_it_was(pool: Pool, clock: Any) -> None:
    first, second = (SharedBudget(pool, "north", "key", clock) for _ in range(2))
    kept: list[Budget] = []

    await first.turn(asking("w-1", clock))

    def look(budget: Budget) -> tuple[Budget, None]:
        kept.append(budget)
        return budget, None

    await second.turn(look)

    budget = kept[-1]
    assert budget == Budget.read(budget.said())
    assert (budget.used, [*budget.windows[0].values()], [*budget.held]) == (7, [7], ["w-1"])


async def test_two_who_write_at_once_both_count(pool: Pool, clock: Any) -> None:
    shared = [SharedBudget(pool, "north", "key", clock) for _ in range(6)]

    for _ in range(5):
        await asyncio.gather(*(each.turn(asking(f"w-{n}", clock)) for n, each in enumerate(shared)))

    state = await pool.fetchval("select state from call_budgets where system = 'north'")
    assert state["used"] == 6 * 5 * 7


async def test_each_credential_has_a_budget_of_its_own(pool: Pool, clock: Any) -> None:
    for credential in ("old", "new"):
        await SharedBudget(pool, "north", credential, clock).turn(asking("w-1", clock))

    rows = await pool.fetch("select credential, state from call_budgets order by credential")
    assert [(row["credential"], row["state"]["used"]) for row in rows] == [("new", 7), ("old", 7)]


async def test_a_pause_reaches_a_worker_on_another_machine(pool: Pool, clock: Any) -> None:
    gates = [
        Gate("north", Limits(), SharedBudget(pool, "north", "key", clock), clock, worker=f"w-{n}") for n in range(2)
    ]
    for gate in gates:
        gate.leave(await gate.enter())
    await gates[0].throttled(timedelta(seconds=30), sent=clock())

    clock.advance(1.1)
    with pytest.raises(Retry, match="asked us to wait") as caught:
        await gates[1].enter()

    assert caught.value.after == timedelta(seconds=28.9)
    clock.advance(28.9)
    await gates[1].enter()
