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
from throughline.core.errors import Retry
from throughline.core.forms import Record
from throughline.core.ids import Ids
from throughline.core.workflow import Workflow
from throughline.hub import dead_letters
from throughline.hub.applied import Applied
from throughline.hub.captures import Captures
from throughline.hub.control import Waiting
from throughline.hub.firms import Firms
from throughline.hub.heard import Heard, heard_of
from throughline.hub.settle import Settler
from throughline.hub.wakes import Wakes
from throughline.hub.wire import Context, Line, scrub
from throughline.store import captures, cursors
from throughline.store import dead_letters as stored
from throughline.store.captures import Capture
from throughline.store.database import AWAY, Pool, Sql, transaction
from throughline.store.entities import Overtaken

log = structlog.get_logger()

LARGEST_DELIVERY = 2**20
AT_ONCE = 200
LEASE = timedelta(seconds=25)
DELIVERIES = "(deliveries)"
GATHER_SECONDS = 0.005
# So many failures without one answer between them are the system's own.
UNWELL = 5


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
            while count := await self._batch(applied, name):
                done += count
        except (Retry, Waiting) as error:
            why = error.why
        except (Overtaken, *AWAY) as error:
            why = f"{type(error).__name__}: {error}"
            log.warning("deliveries.stopped", system=name, why=why)
        await cursors.rest(self.pool, name, DELIVERIES, held=row["lease_until"], now=now, why=why)
        return done

    async def _batch(self, applied: Applied, name: str) -> int:
        """Ask the system first, then settle what it said. What it would not say now is left for the next time."""
        rows = await captures.unread(self.pool, name, limit=AT_ONCE)
        heard = [heard_of(applied.connector(name), row) for row in rows]
        left = await self._read(applied, name, heard)
        done, woken = await self._settle(applied, name, [each for each in heard if each not in left])
        await self.wakes.now(sorted(woken))
        if left:
            raise left[0].error or Retry(f"{name} does not answer")
        return done

    async def again(self, applied: Applied, id_: int) -> list[str]:
        """Take one delivery in once more, though it may have been before. Returns the lanes this concerns.

        If it fails, it is a dead letter again; if its system is unwell, it waits with the others.
        """
        row = await captures.again(self.pool, id_)
        if row is None:
            return []
        heard = heard_of(applied.connector(row["system"]), row)
        heard.again = True
        if left := await self._read(applied, row["system"], [heard]):
            raise left[0].error or Retry(f"{row['system']} does not answer")
        _, woken = await self._settle(applied, row["system"], [heard])
        return sorted(woken)

    async def _settle(self, applied: Applied, name: str, heard: list[Heard]) -> tuple[int, set[str]]:
        """Many at once. One that brings a fault to light is found by halving, and set aside: the others go through."""
        try:
            return await self._take_in(applied, name, heard)
        except (Retry, Waiting, Overtaken, *AWAY):
            raise
        except Exception as error:
            if len(heard) > 1:
                half = len(heard) // 2
                done, woken = await self._settle(applied, name, heard[:half])
                more, others = await self._settle(applied, name, heard[half:])
                return done + more, woken | others
            log.exception("delivery.defect", system=name)
            async with transaction(self.pool) as sql:
                await self._set_aside(sql, name, heard[0], error)
            return 1, set()

    async def _set_aside(self, sql: Sql, name: str, heard: Heard, error: Exception) -> None:
        about = (heard.notices[0].kind, heard.notices[0].key) if heard.notices else None
        await dead_letters.delivery(sql, name, heard.id, error, about=about, now=self.clock())

    async def _take_in(self, applied: Applied, name: str, heard: list[Heard]) -> tuple[int, set[str]]:
        """One short transaction."""
        async with transaction(self.pool) as sql:
            ours = await captures.take(sql, [each.id for each in heard])
            mine = [each for each in heard if each.id in ours]
            for each in mine:
                if each.error:
                    await self._set_aside(sql, name, each, each.error)
            fine = [each for each in mine if each.error is None]
            woken = await self._take(sql, applied, name, fine)
            await captures.worked_off(sql, [each.id for each in fine])
            await stored.taken(sql, [each.id for each in fine], now=self.clock())
        return len(mine), woken

    async def _read(self, applied: Applied, name: str, heard: list[Heard]) -> list[Heard]:
        """Read what changed, once per thing however often it was announced. Returns what has to wait.

        A system that fails over one thing, and then answers for another, is well: that one is set aside. While it
        answers for none it is unwell, and that is nobody's fault.
        """
        ours = applied.firm.system(name).settings.get("integration_user")
        said = [notice.id for each in heard for notice in each.notices]
        known = await captures.known_notices(self.pool, name, said) if said else set[str]()
        read: dict[tuple[str, str], list[Record]] = {}
        failing: list[Heard] = []
        for n, each in enumerate(heard):
            try:
                for notice in each.notices:
                    if (notice.id in known and not each.again) or (ours is not None and notice.author == ours):
                        continue
                    if notice.record is not None:
                        each.records.append((notice, notice.record))
                        continue
                    about = (notice.kind, notice.key)
                    if about not in read:
                        read[about] = await self._fresh(applied, name, notice)
                        failing.clear()
                    each.records.extend((notice, record) for record in read[about])
            except Retry as error:
                each.error = error
                failing.append(each)
                if error.after is not None or len(failing) == UNWELL:
                    return failing + heard[n + 1 :]
            except (Waiting, *AWAY):
                raise
            except Exception as error:  # noqa: BLE001 - what one delivery brings about is told with it, and is its own
                each.error = error
                log.warning("notice.unreadable", system=name, why=dead_letters.why_of(error))
        return failing

    async def _fresh(self, applied: Applied, name: str, notice: Notice) -> list[Record]:
        mapping, connector = applied.mapping(name, notice.kind), applied.connector(name)
        if mapping is None or connector.find is None:
            return []
        return await connector.find(applied.lines[name].http(Context()), mapping, Where(key=notice.key))

    async def _take(self, sql: Sql, applied: Applied, name: str, heard: list[Heard]) -> set[str]:
        """Settle what is new, kind by kind, in the order it came."""
        said = [notice.id for each in heard for notice in each.notices]
        new = await captures.new_notices(sql, name, said, now=self.clock()) if said else set[str]()
        by_kind: dict[str, list[Record]] = {}
        for each in heard:
            for notice, record in each.records:
                if notice.id in new or each.again:
                    by_kind.setdefault(notice.kind, []).append(record)
        settler = Settler(applied, self.workflows, self.ids)
        woken: set[str] = set()
        for kind, records in by_kind.items():
            if mapping := applied.mapping(name, kind):
                settled = await settler.records(sql, name, mapping, records, now=self.clock())
                woken.update(settled.woken)
                if settled.repeats and any(each.again for each in heard):
                    woken.update(await settler.read_again(sql, name, mapping, records, now=self.clock()))
        return woken

    def _reply(self, connector: Connector, headers: Dict[str, str], body: bytes) -> str:
        try:
            received = connector.receive(headers, body) if connector.receive else Received()
        except Exception:  # noqa: BLE001 - same
            # It is committed, and will be set aside with its reason: the sender need not send it again.
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
