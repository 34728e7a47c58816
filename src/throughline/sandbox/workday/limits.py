"""How much Workday bears. Its numbers are not public; ten calls a second is what its clients are told to keep to."""

import math
from collections.abc import Callable


class Limits:
    """A token bucket on the clock its clients wait by, not on the estate's."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self.change(per_second=10, burst=20)

    def change(self, *, per_second: float, burst: int) -> None:
        if per_second <= 0 or burst < 1:
            raise ValueError("per_second must be above 0 and burst at least 1")
        self.per_second, self.burst = per_second, burst
        self._left, self._since = float(burst), self._wall()

    def take(self) -> int | None:
        """Take one call's worth; else the seconds to wait."""
        now = self._wall()
        self._left = min(self._left + max(now - self._since, 0.0) * self.per_second, float(self.burst))
        self._since = now
        if self._left < 1:
            return max(math.ceil((1 - self._left) / self.per_second), 1)
        self._left -= 1
        return None
