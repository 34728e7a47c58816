"""How many lanes may be at a gate: all that the limits let in, and a crowd only where nothing else says how many."""

from datetime import datetime, timedelta

from throughline.core.firm import Limits

# So many may wait at a gate that hardly moves. Whoever comes then is parked, and takes no slot of the worker.
CROWD, PATIENCE = 12, timedelta(seconds=2)
# Who has been at a gate for so long does nothing but wait, and needs no slot of its worker meanwhile. Slots then no
# longer say how many come: in a line as long as there are slots, nobody stands for long.
A_WHILE, LONGEST_LINE = timedelta(seconds=0.25), 64
# One lost answer is bad luck; so many that follow each other are a system that is unwell.
IN_A_ROW = 3


class Crowd:
    """Slow is not unwell: where limits say how many calls a system takes, those under way do not count here.

    They do when it fails, and when the firm has set no limits: a system is not pressed harder because it gets slower.
    """

    def __init__(self, limits: Limits, now: datetime) -> None:
        self._is_limited = limits.concurrency is not None or limits.per_second is not None or bool(limits.windows)
        self._entered, self._failures, self._looked_at = 0, 0, now

    def entered(self) -> None:
        self._entered += 1

    def answered(self, *, well: bool) -> None:
        self._failures = 0 if well else self._failures + 1

    def is_full(
        self, *, line: int, inside: int, waits: timedelta, is_under_way: timedelta, patience: timedelta
    ) -> bool:
        """Whether one more is sent away. `waits` does the first in line, and the longest call is under way."""
        if not self._trusts_limits():
            return line + inside >= CROWD and max(waits, is_under_way) > patience
        return (line >= CROWD and waits > patience) or (line >= LONGEST_LINE and waits > patience / 4)

    def most_excused(self) -> int | None:
        """How many may wait here without a slot: where nothing but slots keeps them from becoming more, a crowd."""
        return None if self._trusts_limits() else CROWD

    def room(self, now: datetime, *, line: int, inside: int) -> int:
        """How many that are parked may come: so many that some wait for the next place, and none for long."""
        elapsed = max((now - self._looked_at).total_seconds(), 0.1)
        moving, self._entered, self._looked_at = int(self._entered / elapsed), 0, now
        return max(max(CROWD, moving) - (line if self._trusts_limits() else line + inside), 0)

    def _trusts_limits(self) -> bool:
        return self._is_limited and self._failures < IN_A_ROW
