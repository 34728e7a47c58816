"""How much Kantata bears: a general pool, and a tighter one for creating projects. Its numbers are not public."""

from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timedelta

from throughline.sandbox.kantata.errors import Refused, system
from throughline.sandbox.kantata.settings import Settings

TOO_MANY = "Too many requests. Please retry your request after a small delay."


class Limits:
    """Counted in memory over a window of the sandbox clock that slides."""

    def __init__(self, now: Callable[[], datetime], settings: Settings) -> None:
        self._now, self._settings = now, settings
        self._taken: dict[str, deque[datetime]] = defaultdict(deque)

    def take(self, *, creates_project: bool) -> None:
        pools = ("general", "workspaces") if creates_project else ("general",)
        now = self._now()
        for pool in pools:
            self._forget(pool, now)
            if len(self._taken[pool]) >= self._settings.limit(pool):
                raise too_many()
        for pool in pools:
            self._taken[pool].append(now)

    def clear(self) -> None:
        self._taken.clear()

    def _forget(self, pool: str, now: datetime) -> None:
        """A clock that was set back leaves calls in the future; they are forgotten too."""
        taken, horizon = self._taken[pool], now - timedelta(seconds=self._settings.window_seconds)
        while taken and not horizon < taken[0] <= now:
            taken.popleft()


def too_many() -> Refused:
    return system(429, TOO_MANY)
