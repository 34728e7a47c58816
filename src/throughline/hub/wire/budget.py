"""A system's budget as all workers share it: one row, written by whoever read it last."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from throughline.core.budget import Budget
from throughline.core.clock import Clock
from throughline.store import budgets
from throughline.store.database import Pool

TRIES = 20


class Crowded(ConnectionError):
    """So many workers change one budget that none of ours came through. It counts as the database being away."""


class Shared(Protocol):
    """Where a budget is kept; the simulation brings its own."""

    async def turn[T](self, change: Callable[[Budget], tuple[Budget, T]]) -> T:
        """Change it, and say what came of that. `change` may be called again, when somebody else was quicker."""
        ...


@dataclass(slots=True)
class SharedBudget:
    """Nothing is locked: a worker that is paused in the middle holds nobody up.

    What we wrote last is remembered, so that a worker on its own spends one statement each time.
    """

    pool: Pool
    system: str
    credential: str
    clock: Clock
    _known: tuple[Budget, int] | None = None

    async def turn[T](self, change: Callable[[Budget], tuple[Budget, T]]) -> T:
        budget, version = self._known or await self._read()
        for _ in range(TRIES):
            changed, said = change(budget)
            if changed is budget:  # there is nothing to write; but is it still so?
                newest, now = await self._read()
                if now == version:
                    return said
                budget, version = newest, now
                continue
            written = await budgets.swap(
                self.pool, self.system, self.credential, changed.said(), version=version, now=self.clock()
            )
            if written is not None:
                self._known = changed, written
                return said
            budget, version = await self._read()
        raise Crowded(f"the budget of {self.system} changed {TRIES} times while we looked at it")

    async def _read(self) -> tuple[Budget, int]:
        row = await budgets.read(self.pool, self.system, self.credential)
        self._known = (Budget.read(row["state"]), row["version"]) if row else (Budget(), 0)
        return self._known
