"""Which version of the firm's folder is applied, and the lines to its systems."""

import asyncio
import contextlib
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from throughline.core.clock import Clock
from throughline.core.connector import Connector, Credentials
from throughline.core.errors import Hold
from throughline.core.firm import System
from throughline.hub import firm as folders
from throughline.hub.applied import Applied, Lines
from throughline.hub.captures import Captures
from throughline.hub.firm.secrets import SecretMissing, resolve
from throughline.hub.wire import Line, Transport
from throughline.hub.wire.lockout import Lockout
from throughline.store import firm_versions
from throughline.store.database import AWAY, Pool

log = structlog.get_logger()

FINISH_SECONDS = 10.0

RECENT = timedelta(seconds=1)


class NothingApplied(Exception):
    """No version of a firm's folder has been applied to this database yet."""


@dataclass(slots=True)
class Firms:
    """The newest applied version, ready to work with. Lines live on as long as their system does not change."""

    pool: Pool
    folder: Path
    environ: Dict[str, str]
    connectors: Dict[str, Connector]
    transport: Transport
    captures: Captures
    clock: Clock
    key: bytes = field(repr=False)
    _applied: Applied | None = None
    _seen_at: datetime | None = None
    _lines: dict[str, tuple[System, Credentials, Line]] = field(
        default_factory=dict[str, tuple[System, Credentials, Line]]
    )
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def apply(self, *, by: str) -> int:
        """Apply the folder as it is now, if it says something new. A wrong one raises FirmErrors; nothing changes."""
        files = await asyncio.to_thread(folders.read_folder, self.folder)
        firm = await asyncio.to_thread(folders.load_text, files, connectors=self.connectors.keys())
        newest = await firm_versions.newest(self.pool)
        if newest and newest["digest"] == firm.digest:
            return newest["version"]
        version = await firm_versions.apply(self.pool, digest=firm.digest, files=files, by=by, now=self.clock())
        log.info("firm.applied", version=version, by=by)
        return version

    async def current(self) -> Applied:
        return await self.at(await firm_versions.newest_number(self.pool))

    async def current_or_recent(self) -> Applied:
        """For the door where every microsecond counts: a version that was the newest within the last second."""
        now = self.clock()
        if self._applied is None or self._seen_at is None or now - self._seen_at > RECENT:
            self._applied, self._seen_at = await self.current(), now
        return self._applied

    async def at(self, version: int) -> Applied:
        """The version a caller has just seen to be the newest."""
        if self._applied and self._applied.version == version:
            return self._applied
        async with self._looking:
            if self._applied is None or self._applied.version < version:
                self._applied = await self._load()
        return self._applied

    async def _load(self) -> Applied:
        row = await firm_versions.newest(self.pool)
        if row is None:
            raise NothingApplied("No firm's folder has been applied to this database: run `throughline up` on one.")
        firm = await asyncio.to_thread(folders.load_text, row["files"], connectors=self.connectors.keys())
        return Applied(row["version"], firm, self.connectors, Lines(firm.systems, self._line))

    async def finish(self) -> None:
        """What has been begun with a system on behalf of all is ended; a database that is away is not waited for."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_SECONDS):
                for _, _, line in [*self._lines.values()]:
                    await line.tokens.finish()
                    with contextlib.suppress(*AWAY):
                        await line.gate.close()

    def waiting(self) -> frozenset[str]:
        """Lanes that have waited for a system's answer, or for their turn to ask, for a while."""
        now = self.clock()
        return frozenset(lane for _, _, line in self._lines.values() for lane in line.gate.waiting(now))

    def credentials(self, system: System) -> Credentials:
        refs = {**system.credentials, **({"hook": system.hook_secret} if system.hook_secret else {})}
        secrets = {name: resolve(ref, self.folder, self.environ) for name, ref in refs.items()}
        return Credentials(secrets, system.settings, system.url.rstrip("/"))

    def _line(self, system: System) -> Line:
        try:
            credentials = self.credentials(system)
        except SecretMissing as error:
            fix = f"Put it where systems/{system.name}.yaml says it is, then release."
            raise Hold(f"{system.name} cannot be reached without its secret: {error}", fix=fix) from error
        before = self._lines.get(system.name)
        if before and before[:2] == (system, credentials):
            return before[2]
        line = Line(
            self.pool, system.name, self.connectors[system.connector], credentials, system.limits, self.transport,
            self.captures, self.clock, self.key, Lockout(self.pool, system.name, self.clock),
            lambda: self.credentials(system),
        )  # fmt: skip
        self._lines[system.name] = (system, credentials, line)
        return line


def signature(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Something that differs when a file of the folder was touched."""
    found = ((p, p.stat()) for p in sorted(folder.rglob("*")) if p.is_file() and p.suffix in {".yaml", ".csv"})
    return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in found)
