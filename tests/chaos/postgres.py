"""A PostgreSQL in the tests' hands: on a port or a socket, with TLS or without, stopped at once, its disk filled."""

import asyncio
import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from throughline.store.embedded_binaries import Binaries, make_ready
from throughline.store.embedded_home import Home, settle
from throughline.store.embedded_server import answers

START_SECONDS = 60
OPTIONS = {"max_connections": "120", "shared_buffers": "64MB", "max_wal_size": "64MB", "min_wal_size": "32MB",
           "dynamic_shared_memory_type": "mmap", "port": "5432"}  # fmt: skip
INITDB = ("--username", "throughline", "--encoding=UTF8", "--locale=C", "--auth=trust", "--wal-segsize=1", "--no-sync")


@dataclass
class Postgres:
    """The server over the wheel's programs. With `mounted_mb` its data are in a file system of that size;
    `programs` are others than the wheel's, which know no TLS.
    """

    folder: Path
    options: dict[str, str] = field(default_factory=dict[str, str])
    mounted_mb: int = 0
    programs: Path | None = None
    _process: asyncio.subprocess.Process | None = None

    @property
    def socket(self) -> str:
        return str(self.home.folder / "run" / ".s.PGSQL.5432")

    @property
    def url(self) -> str:
        return f"postgresql://throughline@/postgres?host={self.home.folder}/run&port=5432"

    async def make(self) -> None:
        self.home: Home = settle(self.folder)
        self.binaries = Binaries(self.programs) if self.programs else await asyncio.to_thread(make_ready, self.home)
        for path in (self.home.data, self.home.folder / "run"):
            path.mkdir()
            if path == self.home.data and self.mounted_mb:
                _run("mount", "-t", "tmpfs", "-o", f"size={self.mounted_mb}m", "tmpfs", str(path))
            self.home.own(path)
            path.chmod(0o700)
        process = await self._begun(self.binaries.initdb, "--pgdata", str(self.home.data), *INITDB)
        assert await process.wait() == 0, self.log()

    async def start(self) -> None:
        options = {**OPTIONS, "listen_addresses": "", "unix_socket_directories": f"{self.home.folder}/run",
                   **self.options}  # fmt: skip
        switches = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._process = await self._begun(self.binaries.postgres, "-D", str(self.home.data), *switches)
        async with asyncio.timeout(START_SECONDS):
            while not await answers(self.url):
                assert self._process.returncode is None, self.log()
                await asyncio.sleep(0.05)

    async def stop_at_once(self) -> None:
        """As `pg_ctl stop -m immediate`: nothing is written back, nobody is told."""
        if self._process and self._process.returncode is None:
            self._process.send_signal(signal.SIGQUIT)
            await self._process.wait()

    async def end(self) -> None:
        await self.stop_at_once()
        if self.mounted_mb and os.path.ismount(self.home.data):
            _run("umount", "-l", str(self.home.data))

    def fill_the_disk(self) -> Path:
        """Not a byte is left. Give it back by deleting what is returned."""
        ballast = self.home.data / "ballast"
        with ballast.open("wb") as file:
            left = os.statvfs(self.home.data)
            while (free := left.f_bavail * left.f_frsize) > 0:
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), free)
                file.seek(0, os.SEEK_END)
                left = os.statvfs(self.home.data)
        return ballast

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def log(self) -> str:
        return self.home.log.read_text()[-3000:]

    async def _begun(self, *command: str) -> asyncio.subprocess.Process:
        account = self.home.account
        as_whom: dict[str, Any] = {}
        if account:
            as_whom = {"user": account.uid, "group": account.gid, "extra_groups": []}
        with self.home.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *command, stdout=log, stderr=log, cwd="/", env={"PATH": os.environ["PATH"]}, **as_whom
            )


def debians() -> Path | None:
    """The newest PostgreSQL that Debian installed: unlike the wheel's, it knows TLS."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def may_mount(folder: Path) -> bool:
    """Whether a small file system of one's own can be had here: root in a container often may not."""
    folder.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder))
        _run("umount", str(folder))
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
