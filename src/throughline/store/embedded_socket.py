"""The folder of the server's unix socket: beside the database, or a short private one when that path is too long."""

import os
import re
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from throughline.store.embedded_account import reaches
from throughline.store.embedded_errors import DatabaseUnavailable
from throughline.store.embedded_home import Home, fingerprint

USER, PORT = "throughline", 5432
LONGEST = 107 - len(f"/.s.PGSQL.{PORT}")  # the kernel's limit for the address of a unix socket
PLAIN = re.compile(r"[A-Za-z0-9/._+@~ -]+")  # a comma, for one, separates folders for PostgreSQL and its clients


def url_of(folder: Path) -> str:
    """Complete, so that no PGPORT or PGSSLMODE in the environment bends it."""
    return f"postgresql://{USER}@/postgres?host={quote(str(folder), safe='')}&port={PORT}&sslmode=disable"


def make_socket_folder(home: Home, *, bases: Iterable[Path] | None = None) -> Path:
    """A folder of mode 0700 that belongs to the server's user, without the leftovers of an earlier server."""
    chosen = home.folder / "run"
    if not _fits(chosen) or not _made_private(chosen, home):
        chosen = _short(home, _bases() if bases is None else bases)
    for leftover in chosen.glob(".s.PGSQL.*"):
        leftover.unlink()
    return chosen


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder)) <= LONGEST and PLAIN.fullmatch(str(folder)) is not None


def _bases() -> Iterable[Path]:
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime)
    yield Path(tempfile.gettempdir())
    yield Path("/tmp")  # noqa: S108 - what we make in it is private and checked


def _short(home: Home, bases: Iterable[Path]) -> Path:
    name = f"throughline-{fingerprint(home.folder)}"
    tried: list[str] = []
    for base in bases:
        folder = base / name
        if _fits(folder) and _is_safe(base, home) and _made_private(folder, home):
            return folder
        tried.append(str(folder))
    raise DatabaseUnavailable(
        f"the path is too long or too unusual for a unix socket, and none of these will do: {', '.join(tried)}",
        where=home.folder,
        fix="Choose a shorter folder, or point XDG_RUNTIME_DIR at a private one.",
    )


def _is_safe(base: Path, home: Home) -> bool:
    """The server's user can pass, and nobody else can put another folder in the place of ours."""
    if not base.is_dir() or (home.account and not reaches(home.account, base)):
        return False
    mode = base.stat().st_mode
    return bool(mode & stat.S_ISVTX) or not mode & (stat.S_IWGRP | stat.S_IWOTH)


def _made_private(folder: Path, home: Home) -> bool:
    """Make it if need be; refuse one that somebody else made first."""
    server = home.account.uid if home.account else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    except OSError:
        return False
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {server, os.geteuid()} or found.st_mode & 0o077:
        return False
    home.own(folder)
    return True
