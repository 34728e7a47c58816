"""The estate's clock: it runs by itself, and can be set, pushed forward, or made to run faster."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


class SandboxClock:
    """Every simulator of one estate shares one clock, so that "last month" means the same to all of them.

    A clock with a file to keep survives a restart: records never come from its future.
    """

    def __init__(self, start: datetime | None = None, *, speed: float = 1.0, kept: Path | None = None) -> None:
        self._kept = kept
        self._origin, self._since, self._speed = start or datetime.now(UTC), time.monotonic(), speed
        if kept and kept.exists():
            self._resume(kept)

    @property
    def speed(self) -> float:
        return self._speed

    def now(self) -> datetime:
        return self._origin + timedelta(seconds=(time.monotonic() - self._since) * self._speed)

    def advance(self, seconds: float) -> None:
        self._restart(self.now() + timedelta(seconds=seconds), self._speed)

    def set(self, at: datetime) -> None:
        self._restart(at if at.tzinfo else at.replace(tzinfo=UTC), self._speed)

    def run_at(self, speed: float) -> None:
        self._restart(self.now(), speed)

    def _restart(self, origin: datetime, speed: float) -> None:
        self._origin, self._since, self._speed = origin, time.monotonic(), speed
        if self._kept:
            driven = {"origin": origin.isoformat(), "wall": datetime.now(UTC).isoformat(), "speed": speed}
            self._kept.write_text(json.dumps(driven), encoding="utf-8")

    def _resume(self, kept: Path) -> None:
        """Go on as if the clock had never been off."""
        driven = json.loads(kept.read_text(encoding="utf-8"))
        off = datetime.now(UTC) - datetime.fromisoformat(driven["wall"])
        self._speed = driven["speed"]
        self._origin = datetime.fromisoformat(driven["origin"]) + off * self._speed
