"""The demo's folder: one demo at a time in it, and what the demo made there can be forgotten."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from throughline.cli.exits import Exit, Stop
from throughline.demo.layout import LAID_OUT
from throughline.store.embedded_locks import Lock

# Held while a demo runs, never deleted: two programs could then lock two files of one name. It also says whose this is.
LOCK = "demo.lock"
DATABASE, SANDBOX = "postgres", "sandbox"
MADE = (*LAID_OUT, SANDBOX, DATABASE, "archive", "secret.key")


@contextmanager
def ours(data: Path, *, reset: bool) -> Generator[None]:
    """For this demo alone until the block ends; another one's, and a real firm's, are left as they are."""
    if (data / DATABASE).exists() and not (data / LOCK).exists():
        raise Stop(
            f"{data} holds a database that is not a demo's; it was left alone. Use --data for another folder.",
            Exit.CONFLICT,
        )
    lock = _lock(data)
    try:
        if not lock.take():
            raise Stop(f"A demo runs in {data} already. Stop it first, or use --data for another one.", Exit.CONFLICT)
        if reset:
            _forget(data)
        (data / SANDBOX).mkdir(exist_ok=True, mode=0o700)
        yield
    finally:
        lock.close()


def _lock(data: Path) -> Lock:
    try:
        data.mkdir(parents=True, exist_ok=True)
        return Lock(data / LOCK)
    except OSError as error:
        raise Stop(
            f"{data} cannot be written: {error.strerror}. Use --data for another folder.", Exit.CONFIG
        ) from error


def _forget(data: Path) -> None:
    """Only what the demo made; whatever else lies in the folder stays."""
    home = _home(data / DATABASE)
    if home.exists() and _in_use(home):
        raise Stop(f"Another program uses the database in {data}. Stop it first.", Exit.CONFLICT)
    # The database first: without it everything else is only a first start again.
    for path in (home, *(data / name for name in MADE)):
        _remove(path)


def _remove(path: Path) -> None:
    """Out of the way at once, then away: whoever is killed meanwhile leaves nothing half."""
    gone = path.with_name(f"{path.name}.forgotten")
    shutil.rmtree(gone, ignore_errors=True)
    if path.is_dir() and not path.is_symlink():
        path.rename(gone)
        shutil.rmtree(gone)
    else:
        path.unlink(missing_ok=True)


def _home(database: Path) -> Path:
    """Where the database really is: started by root, it may have had to move to where its own user can reach it."""
    pointer = database / "location"
    if not pointer.exists():
        return database
    place = Path(pointer.read_text(encoding="utf-8").strip())
    owner = place / "belongs-to"
    mine = owner.exists() and owner.read_text(encoding="utf-8").strip() == str(database.resolve())
    return place if mine else database


def _in_use(home: Path) -> bool:
    locks = [Lock(home / name) for name in ("manager.lock", "server.lock") if (home / name).exists()]
    try:
        return not all(lock.take() for lock in locks)
    finally:
        for lock in locks:
            lock.close()
