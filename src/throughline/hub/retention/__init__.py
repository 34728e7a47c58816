"""Retention: months are opened ahead, what the firm's policy says is over goes into archives, and only then away."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from throughline.core.clock import Clock
from throughline.hub.firms import Firms
from throughline.hub.retention import certificates
from throughline.hub.retention.taking_out import Changed, Due, Step, TakingOut, nothing
from throughline.store import archives, months
from throughline.store.database import Pool, Sql

log = structlog.get_logger()

AHEAD = 2
NOTICES_KEPT, KEYS_KEPT = timedelta(days=35), timedelta(days=35)
FORGOTTEN_AT_ONCE = 5000
LOOK_AGAIN = timedelta(days=1)


@dataclass(slots=True)
class Retention:
    """What one worker does about it, one step at a time; of all workers one is at it."""

    pool: Pool
    firms: Firms
    folder: Path | None
    worker: str
    clock: Clock
    reached: Step = nothing
    _looked: dict[str, datetime] = field(default_factory=dict[str, datetime])

    async def tick(self) -> None:
        async with archives.alone(self.pool) as sql:
            if sql is None:
                return
            await self._months(sql)
            await self._forget(sql)
            if self.folder:
                await self._archive(sql, self.folder)

    async def _months(self, sql: Sql) -> None:
        """A new month of the calendar gets a new range, and the next ranges are there before they are needed."""
        now = self.clock()
        newest, given = await months.newest(sql)
        number = months.number_of(newest)
        await self._written(sql, number, now)
        opened_at = (await months.listed(sql))[number]["opened_at"]
        if _month(opened_at) < _month(now) and not given and newest % months.WIDTH == 0:
            await months.reopened(sql, number, now=now)
        elif _month(opened_at) < _month(now):
            number = months.after(newest)
            await self._make(sql, number)
            await months.begin(sql, number)
            await self._written(sql, number, now)
        for ahead in range(number, number + AHEAD + 1):
            await self._make(sql, ahead)

    async def _written(self, sql: Sql, number: int, now: datetime) -> None:
        await months.left(sql, before=number, now=now)
        await months.opened(sql, number, now=now)

    async def _make(self, sql: Sql, number: int) -> None:
        async with archives.together(sql):
            await months.make(sql, number)

    async def _forget(self, sql: Sql) -> None:
        now = self.clock()
        told_from, answered_from = now - NOTICES_KEPT, now - KEYS_KEPT
        forgotten = FORGOTTEN_AT_ONCE
        while forgotten >= FORGOTTEN_AT_ONCE:
            forgotten = await archives.forget(
                sql, notices_before=told_from, keys_before=answered_from, limit=FORGOTTEN_AT_ONCE
            )

    async def _archive(self, sql: Sql, folder: Path) -> None:
        try:
            await certificates.put(sql, folder, now=self.clock())
            for due in await self._due(sql):
                await self._take_out(sql, folder, due)
        except (ConnectionError, TimeoutError):
            raise  # the database's, not the disk's
        except OSError as error:
            log.warning("archive.unwritable", folder=str(folder), why=f"{type(error).__name__}: {error}")

    async def _take_out(self, sql: Sql, folder: Path, due: Due) -> None:
        taking = TakingOut(sql, folder, due, self.worker, self.clock, self.reached)
        try:
            while certificate := await taking.once():
                log.info("archive.made", id=certificate.id, rows=certificate.rows, bytes=certificate.bytes)
                await certificates.put(sql, folder, now=self.clock())
                await self.reached("certified")
        except Changed as error:
            log.info("archive.again", part=due.part, why=str(error))
            return
        self._looked[due.part] = self.clock()

    async def _due(self, sql: Sql) -> list[Due]:
        """Every part that is over. One of which something had to stay is looked at again a day later."""
        applied, now = await self.firms.current(), self.clock()
        policy, known = applied.firm.policies.retention_days, await months.listed(sql)
        due = [
            Due(kind, part, days, applied.version)
            for number, part in await months.parts(sql)
            if (days := policy.days(kind := _kind(part)))
            and number in known
            and (left := known[number]["left_at"])
            and left + timedelta(days=days) <= now
        ]
        if policy.events:
            before = _month(now - timedelta(days=policy.events))
            due.append(Due(archives.EVENTS, archives.EVENTS, policy.events, applied.version, before))
        return [each for each in due if now - self._looked.get(each.part, datetime.min.replace(tzinfo=now.tzinfo))
                >= LOOK_AGAIN]  # fmt: skip


def _kind(part: str) -> str:
    return {"in": "webhooks", "out": "calls"}.get(part.rpartition("_")[2], "captures")


def _month(moment: datetime) -> datetime:
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
