"""`doctor`: whether everything that must be there is there, and what to do about what is not. It changes nothing."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from rich.text import Text

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked, told
from throughline.cli.printing import document, mark, out
from throughline.cli.where import HERE, Where
from throughline.core.errors import Hold, Retry
from throughline.core.firm import Firm, System
from throughline.hub import firm as folders
from throughline.hub.firm import FirmErrors
from throughline.hub.firm.secrets import SecretMissing
from throughline.hub.health import ALIVE, ready
from throughline.hub.machine import Machine
from throughline.hub.retention import shelf
from throughline.hub.retention.taking_out import path_of
from throughline.hub.timekeeper import APART, FIX
from throughline.hub.wire import Context, Line
from throughline.settings import Settings
from throughline.store import archives, clocks, firm_versions, lanes, workers
from throughline.store.database import AWAY

LEAST_DISK = 2 * 2**30
CLOCKS_APART = timedelta(seconds=2)
OVERDUE = timedelta(seconds=30)
KNOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    fine: bool
    told: str
    fix: str = ""


async def doctor(*, json: bool = False, where: Where = HERE) -> int:
    """Check database, clock, folder, secrets, systems and disk.

    Parameters
    ----------
    json
        One JSON document instead of a list.
    """
    settings, findings = where.settings(), list[Finding]()
    async for finding in _looked_at(settings):
        findings.append(finding)
        if not json:
            _tell(finding)
    failed = sum(not each.fine for each in findings)
    if json:
        document("doctor", findings)
    else:
        out.print(f"[dim]{len(findings)} looked at, {failed} wrong[/]")
    return Exit.FOUND if failed else Exit.DONE


def _tell(finding: Finding) -> None:
    line = Text.assemble(mark("done" if finding.fine else "failed"), f" {finding.what:<14} {finding.told}")
    if finding.fix:
        line.append(f"\n  {'':<14} fix: ").append(finding.fix, style="cyan")
    out.print(line, soft_wrap=True)


async def _looked_at(settings: Settings) -> AsyncGenerator[Finding]:
    yield _disk(settings)
    try:
        async with asked(settings) as machine:
            for look in (_database, _clock, _workers):
                yield await look(machine)
            firm, finding = await _folder(machine, settings)
            yield finding
            yield await _archive(machine, firm)
            for system in firm.systems if firm else ():
                yield await _system(machine, system)
    except Stop as stop:
        yield Finding("database", fine=False, told=str(stop), fix="Correct this first; the rest was not looked at.")


def _disk(settings: Settings) -> Finding:
    place = next(each for each in (settings.data, *settings.data.absolute().parents) if each.exists())
    free = shutil.disk_usage(place).free
    fix = "" if free >= LEAST_DISK else "Make room, or move the data folder with --data."
    return Finding("disk", free >= LEAST_DISK, f"{free / 2**30:.1f} GiB free where the data are", fix)


async def _database(machine: Machine) -> Finding:
    version = await machine.pool.fetchval("show server_version")
    wrong = [each for each in await ready(machine) if each.name in {"database", "migrations"} and not each.well]
    if wrong:
        return Finding("database", fine=False, told=f"PostgreSQL {version}", fix=wrong[0].why)
    return Finding("database", fine=True, told=f"PostgreSQL {version}, its schema is this release's")


async def _clock(machine: Machine) -> Finding:
    apart = abs(datetime.now(UTC) - await clocks.of_database(machine.pool))
    fine = apart <= CLOCKS_APART
    fix = "" if fine else "Let both machines keep network time: leases and token lifetimes depend on it."
    if apart > APART:
        fix = FIX
    return Finding("clock", fine, f"{apart / timedelta(milliseconds=1):.0f} ms from the database's", fix)


async def _workers(machine: Machine) -> Finding:
    now = machine.clock()
    alive = await workers.alive(machine.pool, since=now - ALIVE)
    waiting = await lanes.due(machine.pool, now=now - OVERDUE, limit=1000)
    fine = bool(alive) or not waiting
    fix = "" if fine else "Start one: throughline up, or throughline worker."
    return Finding("workers", fine, f"{len(alive)} alive, {len(waiting)} overdue lane(s)", fix)


async def _folder(machine: Machine, settings: Settings) -> tuple[Firm | None, Finding]:
    """The folder as it is now, and how it compares with what is applied; a wrong one leaves us the applied one."""
    newest = await firm_versions.newest(machine.pool)
    try:
        firm = await asyncio.to_thread(folders.load, settings.firm, connectors=machine.connectors.keys())
    except FirmErrors as error:
        applied = folders.load_text(newest["files"], connectors=machine.connectors.keys()) if newest else None
        fix = "Correct the folder; nothing of it is applied."
        return applied, Finding("firm's folder", fine=False, told=str(error), fix=fix)
    if newest is None:
        return firm, Finding("firm's folder", fine=True, told="no mistakes; not applied yet (throughline up)")
    same = newest["digest"] == firm.digest
    now = f"version {newest['version']} is applied"
    return firm, Finding("firm's folder", fine=True, told=now if same else f"no mistakes; differs: {now}")


async def _archive(machine: Machine, firm: Firm | None) -> Finding:
    """Whether what is over can be written, and whether what was is there."""
    room = await asyncio.to_thread(shelf.looked_at, machine.archive)
    newest = await archives.listed(machine.pool, limit=1)
    wanted = bool(firm and firm.policies.retention_days.anything)
    if newest and machine.archive and not path_of(machine.archive, newest[0]["id"]).exists():
        told, fix = (
            f"{newest[0]['id']} is not in {machine.archive}",
            "Mount the folder here, or set THROUGHLINE_ARCHIVE.",
        )
        return Finding("archive", fine=False, told=told, fix=fix)
    if not wanted:
        return Finding("archive", fine=True, told="nothing is ever archived: no `retention_days` in policies.yaml")
    return Finding("archive", room.fine, room.told, room.fix)


async def _system(machine: Machine, system: System) -> Finding:
    """With the secrets of now: ask for a token, and read one thing where the connector can."""
    firms = machine.firms
    try:
        line = Line(
            firms.pool, system.name, firms.connectors[system.connector], firms.credentials(system), system.limits,
            firms.transport, firms.captures, firms.clock, firms.key,
        )  # fmt: skip
    except SecretMissing as error:
        return Finding(system.name, fine=False, told="a secret is missing", fix=str(error))
    try:
        with told():
            return Finding(system.name, fine=True, told=await _answer(line))
    except Hold as error:
        return Finding(system.name, fine=False, told=error.why, fix=error.fix)
    except Retry as error:
        fix = "Try again later; if it stays, check the address and the network."
        return Finding(system.name, fine=False, told=error.why, fix=fix)
    finally:
        with contextlib.suppress(*AWAY):
            await line.gate.close()


async def _answer(line: Line) -> str:
    readable = next((each for each in line.connector.mappings if each.changed), None)
    await line.let_in()
    if readable and line.connector.changes:
        async for _ in line.connector.changes(line.http(Context()), readable, line.clock().isoformat()):
            break
        return f"answers at {line.credentials.url}"
    await _knock(line)
    return f"is there at {line.credentials.url}; whether it lets us in, only the first message can tell"


async def _knock(line: Line) -> None:
    """Nothing can be read from this one: at least somebody must be listening where it should be."""
    address = urlsplit(line.credentials.url)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        async with asyncio.timeout(KNOCK_SECONDS):
            _, writer = await asyncio.open_connection(address.hostname, port)
    except (OSError, TimeoutError) as error:
        raise Retry(f"{line.name} cannot be reached: nobody listens at {line.credentials.url}") from error
    writer.close()
