"""Polls: systems without webhooks, and the safety net for those with them, are asked what changed."""

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from throughline.core.clock import Clock
from throughline.core.connector import Page
from throughline.core.errors import Hold, Retry
from throughline.core.firm import System
from throughline.core.forms import Record, dig
from throughline.core.ids import Ids
from throughline.core.mapping import Mapping
from throughline.core.workflow import Workflow
from throughline.hub import dead_letters
from throughline.hub.applied import Applied
from throughline.hub.control import Waiting
from throughline.hub.firms import Firms
from throughline.hub.settle import Settled, Settler
from throughline.hub.wakes import Wakes
from throughline.hub.wire import Context
from throughline.store import cursors
from throughline.store.database import AWAY, Pool, Sql, transaction
from throughline.store.entities import Overtaken

log = structlog.get_logger()

# A transaction over there may become visible this long after the time it carries: every poll reads that far back again.
OVERLAP = timedelta(seconds=60)
# Short, so that a killed worker's poll goes on soon; a living one renews it.
LEASE = timedelta(seconds=20)
TRIES = 3
# The next kind is not kept waiting any longer by one that has so much to tell.
LONG = timedelta(seconds=5)


@dataclass(slots=True)
class Polls:
    """Every system and kind that has a cursor; one worker at a time for each."""

    pool: Pool
    firms: Firms
    workflows: tuple[Workflow, ...]
    wakes: Wakes
    clock: Clock
    ids: Ids
    long: timedelta = LONG
    _rounds: dict[str, asyncio.Task[list[asyncio.Task[int]]]] = field(
        default_factory=dict[str, asyncio.Task[list[asyncio.Task[int]]]]
    )
    _reading: set[asyncio.Task[int]] = field(default_factory=set[asyncio.Task[int]])
    _newest: dict[tuple[str, str], "_Newest"] = field(default_factory=dict[tuple[str, str], "_Newest"])

    async def look(self) -> None:
        """Begin whatever is due, and wait for none of it: to read a month of time takes minutes, and deals go on."""
        applied = await self.firms.current()
        for system in applied.firm.systems:
            if system.name not in self._rounds:
                task = self._rounds[system.name] = asyncio.create_task(self._round(applied, system))
                task.add_done_callback(partial(self._over, system.name))

    async def all_due(self) -> int:
        """Poll whatever is due, to its end; returns how many entities changed."""
        applied = await self.firms.current()
        # A system that does not answer costs the others nothing.
        begun = await asyncio.gather(*(self._round(applied, system) for system in applied.firm.systems))
        return sum(await asyncio.gather(*(task for tasks in begun for task in tasks)))

    async def close(self) -> None:
        """Stop in the middle: what was read and not committed is read again."""
        going: list[asyncio.Task[Any]] = [*self._rounds.values(), *self._reading]
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    async def _round(self, applied: Applied, system: System) -> list[asyncio.Task[int]]:
        """One kind after the other, so that customers come before their contracts. None waits for a long one."""
        connector, begun = applied.connector(system.name), list[asyncio.Task[int]]()
        for mapping in connector.mappings:
            if mapping.changed and connector.changes:
                task = asyncio.create_task(self._one(applied, system, mapping))
                self._reading.add(task)
                task.add_done_callback(self._read_out)
                begun.append(task)
                await asyncio.wait({task}, timeout=self.long.total_seconds())
        return begun

    def _over(self, system: str, task: asyncio.Task[list[asyncio.Task[int]]]) -> None:
        del self._rounds[system]
        _tell(task)

    def _read_out(self, task: asyncio.Task[int]) -> None:
        self._reading.discard(task)
        _tell(task)

    async def _one(self, applied: Applied, system: System, mapping: Mapping) -> int:
        kind, now = mapping.kind, self.clock()
        every = timedelta(seconds=max(system.poll_seconds, mapping.poll_seconds))
        row = await cursors.claim(self.pool, system.name, kind, now=now, every=every, lease=LEASE)
        if row is None:
            return 0
        reading = _Reading(system.name, kind, row["cursor"], row["lease_until"], quiet=row["cursor"] is None)
        why = None
        keeping = asyncio.create_task(self._keep(reading))
        try:
            await self._read(applied, reading)
        except _Overrun:
            log.warning("poll.overrun", system=system.name, kind=kind)
            return reading.changed
        except (Retry, Hold, Waiting) as error:
            why = error.why
            log.warning("poll.stopped", system=system.name, kind=kind, why=why)
        except AWAY as error:
            why = f"The database did not answer: {error}"
            log.warning("poll.stopped", system=system.name, kind=kind, why=why)
        except Exception as error:
            # A record nobody foresaw, or a fault of ours: it must not stop the other kinds and systems.
            why = f"{type(error).__name__}: {error}"
            log.exception("poll.defect", system=system.name, kind=kind)
        finally:
            keeping.cancel()
        await cursors.rest(self.pool, system.name, kind, held=reading.held, now=now, why=why)
        return reading.changed

    async def _read(self, applied: Applied, reading: "_Reading") -> None:
        system, kind = reading.system, reading.kind
        mapping, connector = applied.mapping(system, kind), applied.connector(system)
        if mapping is None or connector.changes is None:
            return
        settler = Settler(applied, self.workflows, self.ids)
        http, began = applied.lines[system].http(Context()), self.clock()
        async for page in connector.changes(http, mapping, self._since(reading)):
            await self.wakes.now(await self._page_or_its_records(settler, mapping, reading, page))
        self._whole(reading, began)
        if reading.quiet:
            first = reading.cursor or self.clock().isoformat()
            await self._advance(self.pool, reading, first)

    def _since(self, reading: "_Reading") -> str | None:
        newest = self._newest.get((reading.system, reading.kind))
        is_whole = newest is not None and newest.cursor == reading.cursor and newest.is_whole
        return reading.cursor if is_whole else overlapped(reading.cursor)

    def _whole(self, reading: "_Reading", began: datetime) -> None:
        """Read to its end. Where nothing newer came for so long, all there is up to then has been seen.

        Else a month's time that was approved in one minute would be read again at every poll until somebody works.
        """
        key, cursor = (reading.system, reading.kind), reading.cursor
        newest = self._newest.get(key)
        if cursor is None or newest is None or newest.cursor != cursor:
            self._newest[key] = _Newest(cursor, self.clock())
        elif began - newest.seen_at >= OVERLAP:
            newest.is_whole = True

    async def _page_or_its_records(self, settler: Settler, mapping: Mapping, reading: "_Reading", page: Page
                                   ) -> list[str]:  # fmt: skip
        """A record nobody foresaw is found by taking them one by one, and set aside: the poll goes on behind it."""
        try:
            return (await self._page(settler, mapping, reading, page)).woken
        except (_Overrun, Retry, Hold, *AWAY):
            raise
        except Exception:
            log.exception("page.defect", system=reading.system, kind=reading.kind)
        woken: list[str] = []
        for record in page.records:
            woken += await self._record(settler, mapping, reading, record)
        return [*woken, *(await self._page(settler, mapping, reading, replace(page, records=[]))).woken]

    async def _record(self, settler: Settler, mapping: Mapping, reading: "_Reading", record: Record) -> list[str]:
        alone = Page([record], None)
        try:
            return (await self._page(settler, mapping, reading, alone)).woken
        except (_Overrun, Retry, Hold, *AWAY):
            raise
        except Exception as error:  # noqa: BLE001 - kept with the record, which is tried again
            where = (reading.system, reading.kind, str(dig(record, mapping.key)[1]))
            async with transaction(self.pool) as sql:
                await dead_letters.record(sql, where, record, error, quiet=reading.quiet, now=self.clock())
            return []

    async def _page(self, settler: Settler, mapping: Mapping, reading: "_Reading", page: Page) -> Settled:
        """Take in one page and move on behind it, in one transaction."""
        ahead = later(reading.cursor, page.cursor)
        for _ in range(TRIES):
            with contextlib.suppress(Overtaken):
                async with reading.advancing, transaction(self.pool) as sql:
                    settled = await settler.records(
                        sql, reading.system, mapping, page.records, now=self.clock(), quiet=reading.quiet
                    )
                    # A first read that stops half way begins again: only its end is kept.
                    await self._advance(sql, reading, None if reading.quiet else ahead)
                reading.cursor = ahead
                reading.changed += len(settled.changed)
                return settled
        raise Retry(f"others keep changing the same {reading.kind}s of {reading.system}")

    async def _keep(self, reading: "_Reading") -> None:
        """Hold on to the poll while a page is on its way."""
        with contextlib.suppress(_Overrun, *AWAY):
            while True:
                await asyncio.sleep(LEASE / timedelta(seconds=4))
                async with reading.advancing:
                    await self._advance(self.pool, reading, None)

    async def _advance(self, sql: Sql, reading: "_Reading", cursor: str | None) -> None:
        held = await cursors.advance(
            sql, reading.system, reading.kind, cursor, held=reading.held, now=self.clock(), lease=LEASE
        )
        if held is None:
            raise _Overrun
        reading.held = held


class _Overrun(Exception):
    """The poll took longer than its lease, and another worker has taken it over."""


@dataclass(slots=True)
class _Reading:
    """How far one poll has come. What was there before we came is history: it is learnt, and starts nothing."""

    system: str
    kind: str
    cursor: str | None
    held: datetime
    quiet: bool
    changed: int = 0
    advancing: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class _Newest:
    """The newest moment a kind carries, when this worker first met it, and whether it came back to it late enough."""

    cursor: str | None
    seen_at: datetime
    is_whole: bool = False


def _tell(task: asyncio.Task[Any]) -> None:
    """What went wrong in a poll nobody waits for; it is tried again when it is due."""
    if not task.cancelled() and (error := task.exception()):
        log.warning("poll.failed", why=f"{type(error).__name__}: {error}")


def later(one: str | None, other: str | None) -> str | None:
    """The later of two moments, whatever their offsets."""
    return max(filter(None, (one, other)), key=datetime.fromisoformat, default=None)


def overlapped(cursor: str | None) -> str | None:
    """Where to read from: a little before where we were."""
    if cursor is None:
        return None
    return (datetime.fromisoformat(cursor) - OVERLAP).isoformat()
