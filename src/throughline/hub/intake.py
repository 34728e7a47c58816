"""Intake: a webhook is checked, committed, and only then acknowledged; what it means is worked off afterwards."""

import asyncio
import contextlib
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

import structlog

from throughline.core.clock import Clock
from throughline.core.connector import Connector, Notice, Received, Where
from throughline.core.errors import Hold, Retry
from throughline.core.forms import Record
from throughline.core.ids import Ids
from throughline.core.workflow import Workflow
from throughline.hub.applied import Applied
from throughline.hub.captures import Captures
from throughline.hub.control import Waiting
from throughline.hub.firms import Firms
from throughline.hub.settle import Settler
from throughline.hub.wakes import Wakes
from throughline.hub.wire import Context, Line, scrub
from throughline.store import captures, cursors
from throughline.store.captures import Capture
from throughline.store.database import AWAY, Pool, Row, Sql, transaction
from throughline.store.entities import Overtaken

log = structlog.get_logger()

LARGEST_DELIVERY = 2**20
AT_ONCE = 200
LEASE = timedelta(seconds=25)
DELIVERIES = "(deliveries)"
GATHER_SECONDS = 0.005


class Reception(Enum):
    """What became of a delivery at the door."""

    TAKEN = 200
    UNKNOWN = 404
    REFUSED = 401
    TOO_LARGE = 413


@dataclass(slots=True)
class Intake:
    """The door webhooks come in through."""

    pool: Pool
    firms: Firms
    workflows: tuple[Workflow, ...]
    captures: Captures
    wakes: Wakes
    clock: Clock
    ids: Ids
    _woken: set[str] = field(default_factory=set[str])
    _waking: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])

    async def accept(self, name: str, headers: Dict[str, str], body: bytes) -> tuple[Reception, str]:
        """Check the signature, commit, answer. The text is what the sender is told."""
        applied = await self.firms.current_or_recent()
        if name not in applied.lines:
            return Reception.UNKNOWN, f"there is no system {name}"
        connector = applied.connector(name)
        if connector.receive is None or connector.signed is None:
            return Reception.UNKNOWN, f"{name} sends no webhooks"
        line = applied.lines[name]
        if len(body) > LARGEST_DELIVERY:
            self._keep(line, headers, body[:1000], refused=f"larger than {LARGEST_DELIVERY} bytes")
            return Reception.TOO_LARGE, f"a delivery is at most {LARGEST_DELIVERY} bytes"
        if not connector.signed(line.credentials, headers, body, self.clock()):
            self._keep(line, headers, body, refused="signature")
            return Reception.REFUSED, "the signature does not fit this body, or is too old"
        self._keep(line, headers, body)
        await self.captures.safe()
        self._wake(name)
        return Reception.TAKEN, self._reply(connector, headers, body)

    async def work_off(self, name: str) -> int:
        """Understand what was delivered by one system, oldest first; one worker at a time."""
        self._woken.discard(name)
        now = self.clock()
        row = await cursors.claim(self.pool, name, DELIVERIES, now=now, every=timedelta(), lease=LEASE)
        if row is None:
            return 0
        applied, done, why = await self.firms.current(), 0, None
        try:
            while count := await self._batch(applied, name, AT_ONCE):
                done += count
        except (Retry, Waiting) as error:
            why = error.why
        except (Overtaken, *AWAY) as error:
            why = f"{type(error).__name__}: {error}"
            log.warning("deliveries.stopped", system=name, why=why)
        await cursors.rest(self.pool, name, DELIVERIES, held=row["lease_until"], now=now, why=why)
        return done

    async def _batch(self, applied: Applied, name: str, limit: int) -> int:
        """Many at once. When one of them brings a fault to light, it is found by taking them one by one."""
        try:
            return await self._some(applied, name, limit)
        except (Retry, Waiting, Overtaken, *AWAY):
            raise
        except Exception as error:
            if limit > 1:
                return await self._batch(applied, name, 1)
            log.exception("delivery.defect", system=name)
            return await self._give_up(name, f"{type(error).__name__}: {error}")

    async def _give_up(self, name: str, why: str) -> int:
        async with transaction(self.pool) as sql:
            (row,) = await captures.unread(sql, name, limit=1)
            await captures.failed(sql, row["id"], why)
        return 1

    async def _some(self, applied: Applied, name: str, limit: int) -> int:
        """Ask the system first, and settle what it said in one short transaction."""
        rows = await captures.unread(self.pool, name, limit=limit)
        heard = [_heard(applied.connector(name), row) for row in rows]
        await self._read(applied, name, [each for each in heard if each.why is None])
        async with transaction(self.pool) as sql:
            ours = await captures.take(sql, [each.id for each in heard])
            mine = [each for each in heard if each.id in ours]
            for each in mine:
                if each.why:
                    await captures.failed(sql, each.id, each.why)
            woken = await self._take(sql, applied, name, [each for each in mine if each.why is None])
            await captures.worked_off(sql, [each.id for each in mine])
        await self.wakes.now(sorted(woken))
        return len(mine)

    async def _read(self, applied: Applied, name: str, heard: list["_Heard"]) -> None:
        """Read what changed, once per thing however often it was announced."""
        ours = applied.firm.system(name).settings.get("integration_user")
        said = [notice.id for each in heard for notice in each.notices]
        known = await captures.known_notices(self.pool, name, said) if said else set[str]()
        read: dict[tuple[str, str], list[Record]] = {}
        for each in heard:
            try:
                for notice in each.notices:
                    if notice.id in known or (ours is not None and notice.author == ours):
                        continue
                    if notice.record is not None:
                        each.records.append((notice, notice.record))
                        continue
                    about = (notice.kind, notice.key)
                    if about not in read:
                        read[about] = await self._fresh(applied, name, notice)
                    each.records.extend((notice, record) for record in read[about])
            except Hold as error:
                each.why = f"cannot be read: {error.why}"
                log.warning("notice.unreadable", system=name, why=error.why)

    async def _fresh(self, applied: Applied, name: str, notice: Notice) -> list[Record]:
        mapping, connector = applied.mapping(name, notice.kind), applied.connector(name)
        if mapping is None or connector.find is None:
            return []
        return await connector.find(applied.lines[name].http(Context()), mapping, Where(key=notice.key))

    async def _take(self, sql: Sql, applied: Applied, name: str, heard: list["_Heard"]) -> set[str]:
        """Settle what is new, kind by kind, in the order it came."""
        said = [notice.id for each in heard for notice in each.notices]
        new = await captures.new_notices(sql, name, said, now=self.clock()) if said else set[str]()
        by_kind: dict[str, list[Record]] = {}
        for each in heard:
            for notice, record in each.records:
                if notice.id in new:
                    by_kind.setdefault(notice.kind, []).append(record)
        settler = Settler(applied, self.workflows, self.ids)
        woken: set[str] = set()
        for kind, records in by_kind.items():
            if mapping := applied.mapping(name, kind):
                woken.update((await settler.records(sql, name, mapping, records, now=self.clock())).woken)
        return woken

    def _reply(self, connector: Connector, headers: Dict[str, str], body: bytes) -> str:
        try:
            received = connector.receive(headers, body) if connector.receive else Received()
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return ""
        return received.reply or ""

    def _keep(self, line: Line, headers: Dict[str, str], body: bytes, *, refused: str | None = None) -> None:
        secrets = list(line.credentials.secrets.values())
        self.captures.keep(
            Capture(
                at=self.clock(),
                system=line.name,
                direction="in",
                state="refused" if refused else "new",
                method="POST",
                url=f"/hooks/{line.name}",
                status=None,
                outcome=refused or "fine",
                took_ms=None,
                correlation=None,
                run=None,
                request_headers=scrub.headers(headers, secrets),
                request_body=scrub.body(body, secrets),
                answer_headers={},
                answer_body=b"",
            )
        )

    def _wake(self, name: str) -> None:
        """One wake-up for however many deliveries come while it is on its way."""
        if name not in self._woken:
            self._woken.add(name)
            task = asyncio.get_running_loop().create_task(self._announce(name))
            self._waking.add(task)
            task.add_done_callback(self._waking.discard)

    async def _announce(self, name: str) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        self._woken.discard(name)
        with contextlib.suppress(OSError, *AWAY):  # the sweep finds them all the same
            await self.wakes.deliveries(name)


@dataclass(slots=True)
class _Heard:
    """What one delivery says, what was read because of it, or why it cannot be understood."""

    id: int
    notices: tuple[Notice, ...] = ()
    why: str | None = None
    records: list[tuple[Notice, Record]] = field(default_factory=list[tuple[Notice, Record]])


def _heard(connector: Connector, row: Row) -> _Heard:
    if connector.receive is None:
        return _Heard(row["id"])
    try:
        return _Heard(row["id"], connector.receive(row["request_headers"], row["request_body"]).notices)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        return _Heard(row["id"], why=f"cannot be understood: {type(error).__name__} {error}")
