"""Slack's posting limit: about one message a second in each channel, and a small burst."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Limits:
    """A token bucket per channel. It runs on the clock its clients wait by, not on the estate's."""

    wall: Callable[[], float]
    messages_per_second: float = 1.0
    burst: int = 4
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])

    def change(self, *, messages_per_second: float, burst: int) -> None:
        if messages_per_second <= 0 or burst < 1:
            raise ValueError("messages_per_second must be above 0 and burst at least 1")
        self.messages_per_second, self.burst = messages_per_second, burst
        self._buckets.clear()

    def take(self, channel: str) -> int | None:
        """Take one message's worth; else the seconds to wait."""
        now = self.wall()
        left, since = self._buckets.get(channel, (float(self.burst), now))
        gained = max(now - since, 0.0) * self.messages_per_second
        left = min(left + gained, float(self.burst))
        enough = left >= 1
        self._buckets[channel] = (left - 1 if enough else left, now)
        return None if enough else max(math.ceil((1 - left) / self.messages_per_second), 1)
