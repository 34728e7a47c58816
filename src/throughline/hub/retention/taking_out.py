"""Taking out: a part is written to a file, read back, compared, and only then removed, with its certificate."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg

from throughline.core.clock import Clock
from throughline.hub.retention.files import Content, Damaged, Writer, read_back
from throughline.store import archives, months
from throughline.store.archives import EVENTS, NEWEST, Certificate
from throughline.store.database import Row, Sql

type Step = Callable[[str], Awaitable[None]]
"""Told of each step: a test dies there, or does something behind our back."""

ROWS_AT_ONCE = 500
MOST_EVENTS = 100_000


async def nothing(_step: str) -> None:
    """Nobody watches."""


class Changed(Exception):
    """What may leave is not what it was when it was written down, or somebody is in the way: it is tried again."""


@dataclass(frozen=True, slots=True)
class Due:
    """A part that is over, by which version of the policy. Of events only those before a moment are."""

    kind: str
    part: str
    days: int
    firm_version: int
    before: datetime | None = None


@dataclass(slots=True)
class TakingOut:
    """One part on its way out. Whoever is killed on it leaves at most a file that is written anew under its name."""

    sql: Sql
    folder: Path
    due: Due
    worker: str
    clock: Clock
    reached: Step

    async def once(self) -> Certificate | None:
        """One archive; None when nothing can leave (any more)."""
        if self.due.part != EVENTS and not await self.sql.fetchval("select to_regclass($1)", self.due.part):
            return None
        open_, edge = await archives.open_engagements(self.sql), await self._edge()
        id_ = f"{self._name()}-{await archives.made_of(self.sql, self.due.part) + 1}"
        written = await self._write(id_, open_, edge)
        if written is None:
            await self._away_if_empty()
            return None
        await self.reached("written")
        certificate = await self._verified(id_, written)
        await self.reached("verified")
        await self._remove(certificate, open_, edge)
        await self.reached("removed")
        return certificate

    def _name(self) -> str:
        """`calls-3` is the third month's calls."""
        return self.due.kind if self.due.part == EVENTS else f"{self.due.kind}-{self.due.part.split('_')[1]}"

    async def _edge(self) -> int:
        """Nothing from here on may leave."""
        return await archives.undelivered(self.sql) if self.due.part == EVENTS else NEWEST

    async def _write(self, id_: str, open_: list[str], edge: int) -> "_Written | None":
        writer = await asyncio.to_thread(Writer, path_of(self.folder, id_))
        try:
            written = await self._fill(writer, open_, edge)
            if written:
                await asyncio.to_thread(writer.close)
                written.content = writer.content
        except OSError:
            await asyncio.to_thread(writer.discard)  # a full disk is not kept full by half a file
            raise
        return written

    async def _fill(self, writer: Writer, open_: list[str], edge: int) -> "_Written | None":
        place, written = -1, None
        while rows := await self._leaving(open_, place, edge):
            await asyncio.to_thread(writer.add, [(row["key"], row["line"]) for row in rows])
            place, times = rows[-1]["key"], [row["at"] for row in rows]
            written = written.and_(times) if written else _Written(min(times), max(times))
            if self.due.part == EVENTS and writer.rows >= MOST_EVENTS:
                break
        return written

    async def _leaving(self, open_: list[str], place: int, edge: int) -> list[Row]:
        """The next rows, up to the first that is not over."""
        rows = await archives.rows(self.sql, self.due.part, open_, after=place, limit=ROWS_AT_ONCE)
        before = self.due.before
        for n, row in enumerate(rows):
            if row["key"] >= edge or (before is not None and row["at"] >= before):
                return rows[:n]
        return rows

    async def _verified(self, id_: str, written: "_Written") -> Certificate:
        path = path_of(self.folder, id_)
        found = await asyncio.to_thread(read_back, path, key_of(self.due.kind))
        if found != written.content:
            raise Damaged(f"{path.name} does not hold what was written into it: {found} instead of {written.content}")
        return Certificate(
            id=id_,
            kind=self.due.kind,
            part=self.due.part,
            first=found.first,
            last=found.last,
            since=written.since,
            until=written.until,
            rows=found.rows,
            bytes=path.stat().st_size,
            digest=found.digest,
            worker=self.worker,
            firm_version=self.due.firm_version,
            days=self.due.days,
            at=self.clock(),
        )

    async def _remove(self, certificate: Certificate, open_: list[str], edge: int) -> None:
        """Certificate and removal are one transaction, and it is still what was written that goes."""
        part = self.due.part
        up_to = certificate.last if part == EVENTS else NEWEST
        try:
            async with archives.together(self.sql):
                await archives.held_still(self.sql, part)
                if await self._edge() < edge:
                    raise Changed("somebody began to follow the events")
                meanwhile = sorted({*open_, *await archives.open_engagements(self.sql)})
                for needed in (open_, meanwhile):
                    leaving = await archives.leaving(self.sql, part, needed, up_to=up_to)
                    if leaving != certificate.rows:
                        raise Changed(f"{leaving} rows may leave now, {certificate.rows} were written")
                await archives.remove(self.sql, part, open_, up_to=up_to)
                await archives.certify(self.sql, certificate)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
            raise Changed("somebody is reading or writing it") from error

    async def _away_if_empty(self) -> None:
        """A part nothing was ever written into, or whose last rows have left, needs no certificate to go."""
        part = self.due.part
        if part == EVENTS:
            return
        try:
            async with archives.together(self.sql):
                await archives.held_still(self.sql, part)
                if not await archives.leaving(self.sql, part, [], up_to=NEWEST) and not await months.needed(
                    self.sql, part, []
                ):
                    await months.take_away(self.sql, part)
        except asyncpg.LockNotAvailableError as error:
            raise Changed("somebody is reading it") from error


@dataclass(slots=True)
class _Written:
    """What was written, and of when it is."""

    since: datetime
    until: datetime
    content: Content | None = None

    def and_(self, times: list[datetime]) -> "_Written":
        return _Written(min(self.since, *times), max(self.until, *times))


def path_of(folder: Path, id_: str) -> Path:
    return folder / f"{id_}.jsonl.gz"


def key_of(kind: str) -> str:
    """The number its rows are in the order of."""
    return "seq" if kind == EVENTS else "id"
