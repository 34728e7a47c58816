"""The timekeeper: what time it is, and whether this machine's clock can be believed. Leases need one time for all."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from throughline.core.clock import Clock, Monotonic

log = structlog.get_logger()

# Of a lease its holder sends in the first 10 s, and whoever is silent loses it after 15: what is left between them.
APART = timedelta(seconds=5)
FIX = "Let this machine and the database's keep network time: until they agree, no work is done here."


@dataclass(slots=True)
class Timekeeper:
    """Compares with the database's clock now and then; a jump in between is seen at once, by the monotonic clock."""

    clock: Clock
    monotonic: Monotonic
    database: Callable[[], Awaitable[datetime]]
    _ahead: timedelta = timedelta()
    _compared: tuple[datetime, float] | None = None
    _told: bool = False

    async def compare(self) -> timedelta:
        """Ask the database. It may take its time to answer, and what it said then is between our before and after."""
        before, began = self.clock(), self.monotonic()
        theirs = await self.database()
        after = before + timedelta(seconds=self.monotonic() - began)
        self._ahead = max(before - theirs, timedelta()) - max(theirs - after, timedelta())
        self._compared = before, began
        self._tell()
        return self._ahead

    def ahead(self) -> timedelta | None:
        """By how much our clock is ahead of the database's now; None while they were never compared."""
        if self._compared is None:
            return None
        then, began = self._compared
        return self._ahead + (self.clock() - then) - timedelta(seconds=self.monotonic() - began)

    def now(self) -> datetime:
        """Our clock's time while it can be believed, and else the database's as we last heard it and counted on."""
        ahead = self.ahead()
        return self.clock() if ahead is None or abs(ahead) <= APART else self.clock() - ahead

    def latest(self) -> datetime:
        """For leases, the later of both: a machine that slept was away, and did not count it."""
        return max(self.clock(), self.now())

    def agrees(self) -> bool:
        ahead = self.ahead()
        return ahead is not None and abs(ahead) <= APART

    def _tell(self) -> None:
        """Once when it begins, and once when it is over."""
        wrong = not self.agrees()
        if wrong and not self._told:
            log.error("clock.wrong", ahead_seconds=self._ahead.total_seconds(), fix=FIX)
        elif self._told and not wrong:
            log.warning("clock.right", ahead_seconds=self._ahead.total_seconds())
        self._told = wrong
