"""Lockout: a system that does not let us in is left alone by everybody, and one hold says so for all who wait."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog

from throughline.core import exact
from throughline.core.clock import Clock
from throughline.core.errors import Hold
from throughline.hub.control import SUPPORT, LockedOut
from throughline.store import lockouts
from throughline.store.database import Pool
from throughline.store.lockouts import SystemHold

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=1)


class NotLetIn(Hold):
    """The system does not accept who we say we are: that concerns everybody, not one run."""


@contextmanager
def letting_in() -> Generator[None]:
    """Whatever a person must decide on the way to a token, nobody gets in before that."""
    try:
        yield
    except Hold as hold:
        raise NotLetIn(hold.why, fix=hold.fix, owner=hold.owner) from hold


class Lockout:
    """Of one system. The open hold is the state, so all workers stop, and all go on when it is closed."""

    def __init__(self, pool: Pool, system: str, clock: Clock) -> None:
        self._pool, self._system, self._clock = pool, system, clock
        self._why: str | None = None
        self._looked_at: datetime | None = None

    async def check(self) -> bool:
        """Raises LockedOut while the hold is open. True when it was, and is not any more."""
        before = self._why
        await self._look()
        self.obey()
        return before is not None

    def obey(self) -> None:
        """For whoever waited in line meanwhile: as `check`, from memory."""
        if self._why is not None:
            raise LockedOut(self._system, f"{self._why}; waits until that is mended")

    async def lock(self, hold: Hold, *, refused: str) -> LockedOut:
        """Nobody calls from now on."""
        first, now = self._why is None, self._clock()
        self._why, self._looked_at = hold.why, now
        if first:
            opened = SystemHold(
                id=f"hold-{exact.digest(self._system, now.isoformat())[:10].lower()}",
                system=self._system,
                why=hold.why,
                fix=hold.fix,
                owner=hold.owner or SUPPORT,
                refused=refused,
            )
            if await lockouts.open_(self._pool, opened, now=now):
                log.warning("system.locked_out", system=self._system, why=hold.why)
        return LockedOut(self._system, f"{hold.why}; waits until that is mended")

    async def _look(self) -> None:
        """What other workers found out, at most once a second."""
        now = self._clock()
        if self._looked_at is None or now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            row = await lockouts.hold_of(self._pool, self._system)
            self._why = row["why"] if row else None
