"""The database's own files: made whole or not at all, checked before use, and cleared of what a dead server left."""

import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from throughline.store.embedded_binaries import MAJOR, Binaries
from throughline.store.embedded_errors import DatabaseUnavailable
from throughline.store.embedded_home import Home, sync
from throughline.store.embedded_socket import USER

LOG_LIMIT_BYTES = 10_000_000
TAIL_LINES = 15
SYNC_METHOD = "syncfs" if sys.platform == "linux" else "fsync"


def clear_leftovers(home: Home) -> None:
    """What a killed manager left. Only the holder of both locks may do this."""
    home.address.unlink(missing_ok=True)
    for half_made in home.folder.glob("initdb-*"):
        shutil.rmtree(half_made)
    if home.data.exists():
        _check_version(home.data)
        _forget_reused_pid(home.data)


def make_half(home: Home) -> Path:
    """An empty folder to make a database in; `adopt` renames it once it is complete."""
    half = Path(tempfile.mkdtemp(prefix="initdb-", dir=home.folder))
    home.own(half)
    return half


def initdb(binaries: Binaries, half: Path) -> list[str]:
    """Collation is PostgreSQL's own C.UTF-8, so an upgrade of the machine's C library cannot corrupt an index.

    It ends with one sync of the file system. On a busy disk that took 1.3 to 2.2 s in all; with an fsync of each of the
    thousand files it took 3.0 to 3.7 s, and with none, which is not safe, 1.0 to 1.5 s.
    """
    encoding = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    # Trust, because the socket's folder admits nobody but us.
    safety = ["--data-checksums", "--auth=trust", f"--sync-method={SYNC_METHOD}"]
    return [binaries.initdb, "--pgdata", str(half), "--username", USER, *encoding, *safety, "--no-instructions"]


def adopt(home: Home, half: Path) -> None:
    half.rename(home.data)
    sync(home.folder)


def open_log(home: Home) -> int:
    """For appending; one earlier log is kept, so both together are bounded."""
    with suppress(FileNotFoundError):
        if home.log.lstat().st_size > LOG_LIMIT_BYTES:
            home.log.replace(home.log.with_name(f"{home.log.name}.1"))
    return os.open(home.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def log_size(home: Home) -> int:
    return home.log.stat().st_size


def log_tail(home: Home, *, since: int) -> str:
    with home.log.open("rb") as log:
        log.seek(max(since, log_size(home) - 20_000))
        lines = log.read().decode(errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-TAIL_LINES:]) or "  (it said nothing)"


def _check_version(data: Path) -> None:
    version = data / "PG_VERSION"
    try:
        found = version.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise DatabaseUnavailable(
            "this is not a PostgreSQL database, or a damaged one", where=data, fix="Restore it, or move it away."
        ) from None
    if found != MAJOR:
        raise DatabaseUnavailable(
            f"the database was made by PostgreSQL {found}, and this Throughline brings PostgreSQL {MAJOR}",
            where=version,
            fix="Start the Throughline release that made it and dump it there, then restore the dump into a new folder;"
            " or upgrade the folder with pg_upgrade.",
        )


def _forget_reused_pid(data: Path) -> None:
    """After a crash the pid in postmaster.pid may be another process by now, and PostgreSQL would refuse to start.

    Everything else about that file is left to PostgreSQL's own check, which also knows live shared memory.
    """
    pid = _recorded_pid(data / "postmaster.pid")
    if pid is None or not _is_alive(pid) or not Path("/proc").is_dir():
        return
    if _works_in(pid, data):
        raise DatabaseUnavailable(
            f"another PostgreSQL (process {pid}), which we did not start, already serves this database",
            where=data,
            fix="Stop it, or set DATABASE_URL to use it.",
        )
    (data / "postmaster.pid").unlink()


def _recorded_pid(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError, OverflowError):
        return False  # with PermissionError it is another user's, which PostgreSQL sees for itself
    return True


def _works_in(pid: int, data: Path) -> bool:
    """A PostgreSQL server always makes its data folder its working folder."""
    try:
        there, here = Path(f"/proc/{pid}/cwd").stat(), data.stat()
    except OSError:
        return False
    return stat.S_ISDIR(there.st_mode) and os.path.samestat(there, here)
