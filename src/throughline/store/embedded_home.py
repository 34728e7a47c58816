"""Where the embedded database lives: in the folder asked for, or elsewhere when the server's user cannot reach that."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from throughline.store.embedded_account import Account, blocked_at, choose_account, reaches
from throughline.store.embedded_errors import DatabaseUnavailable

ELSEWHERE = Path("/var/lib/throughline")


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that really holds the database, and the user the server runs as (None: as ourselves)."""

    folder: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def address(self) -> Path:
        """The file in which a manager tells other programs the database's URL."""
        return self.folder / "url"

    def own(self, path: Path) -> None:
        """Give one of our own new files or folders to the server's user."""
        if self.account:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)


def settle(folder: Path, *, user: str | None = None, elsewhere: Path = ELSEWHERE) -> Home:
    """Find or make the home. Two programs that do this at once arrive at the same place."""
    folder = folder.resolve()
    _make(folder)
    place = _pointed_to(folder) or folder
    account = choose_account(place / "data", wanted=user)
    if account is None or reaches(account, place):
        return Home(place, account)
    if place != folder or (folder / "data").exists():
        raise DatabaseUnavailable(
            f"user {account.name} cannot reach its database: {blocked_at(account, place)} does not let it through",
            where=place,
            fix="Let that user pass there, as it could when the database was made.",
        )
    return Home(_relocated(folder, account, elsewhere), account)


def fingerprint(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]


def write_whole(path: Path, text: str) -> None:
    """All or nothing: a reader sees the old text or the new one, also after the power failed."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-")
    with os.fdopen(number, "wb") as file:
        file.write(os.fsencode(text))
        file.flush()
        os.fsync(number)
    Path(name).replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Make a file's content, or a folder's names, survive a loss of power."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _make(folder: Path) -> None:
    """Only a folder we just made gets a mode from us: open to passers-by when its server is another user's."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    if os.geteuid() == 0:
        folder.chmod(0o755)


def _pointed_to(folder: Path) -> Path | None:
    pointer = folder / "location"
    if not pointer.exists():
        return None
    place = Path(os.fsdecode(pointer.read_bytes()).strip())
    owner = place / "belongs-to"
    if not owner.exists() or owner.stat().st_uid != os.geteuid():
        raise DatabaseUnavailable(
            f"the database of this folder should be in {place}, and is not there or is not ours",
            where=pointer,
            fix=f"Bring {place} back. Delete {pointer} only if you want to start with an empty database.",
        )
    if Path(os.fsdecode(owner.read_bytes()).strip()) != folder:
        raise DatabaseUnavailable(
            f"the database in {place} belongs to another folder, named in {owner}",
            where=pointer,
            fix=f"If you moved that folder here, write the new path into {owner}. If you copied it, delete {pointer}.",
        )
    return place


def _relocated(folder: Path, account: Account, elsewhere: Path) -> Path:
    place = elsewhere / fingerprint(folder)
    try:
        _make(elsewhere)
        _make(place)
    except OSError as error:
        raise DatabaseUnavailable(
            f"user {account.name} cannot reach this folder, and we cannot make {place} instead: {error.strerror}",
            where=folder,
            fix="Choose a folder that user can reach, or start as an ordinary user.",
        ) from error
    if (blocked := blocked_at(account, place)) or place.stat().st_uid != os.geteuid():
        raise DatabaseUnavailable(
            f"user {account.name} cannot reach this folder, and cannot use {place} either (see {blocked or place})",
            where=folder,
            fix="Choose a folder that user can reach, or start as an ordinary user.",
        )
    write_whole(place / "belongs-to", f"{folder}\n")
    write_whole(folder / "location", f"{place}\n")
    return place
