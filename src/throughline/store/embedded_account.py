"""Which user the server runs as, and what that user can reach. PostgreSQL refuses to run as root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from throughline.store.embedded_errors import DatabaseUnavailable

UNPRIVILEGED = ("postgres", "nobody")
TRAVERSE, READ, READ_AND_RUN = 0o1, 0o4, 0o5


@dataclass(frozen=True, slots=True)
class Account:
    """The user the server runs as when root started us."""

    name: str
    uid: int
    gid: int


def choose_account(data: Path, *, wanted: str | None) -> Account | None:
    """Nobody special (None) unless root started us; an existing database keeps the user that owns it."""
    if os.geteuid() != 0:
        return _ourselves(data, wanted=wanted)
    named = _named(wanted) if wanted else None
    owner = _owner(data)
    if owner and named and owner.uid != named.uid:
        raise DatabaseUnavailable(
            f"the database belongs to user {owner.name}, not to {named.name}",
            where=data,
            fix=f"Leave the user out, or ask for {owner.name}.",
        )
    return owner or named or _first_unprivileged()


def reaches(account: Account, path: Path, wanted: int = TRAVERSE) -> bool:
    """Judged by owner, group and mode, without extra groups or access lists: when in doubt, no."""
    return blocked_at(account, path, wanted) is None


def blocked_at(account: Account, path: Path, wanted: int = TRAVERSE) -> Path | None:
    """The first folder on the way that the user may not pass, if there is one."""
    resolved = path.resolve()
    for parent in reversed(resolved.parents):
        if not _allows(parent.stat(), account, TRAVERSE):
            return parent
    return None if _allows(resolved.stat(), account, wanted) else resolved


def _allows(found: os.stat_result, account: Account, wanted: int) -> bool:
    if found.st_uid == account.uid:
        granted = found.st_mode >> 6
    elif found.st_gid == account.gid:
        granted = found.st_mode >> 3
    else:
        granted = found.st_mode
    return granted & wanted == wanted


def _ourselves(data: Path, *, wanted: str | None) -> None:
    if wanted and _named(wanted).uid != os.geteuid():
        raise DatabaseUnavailable(
            "only root can run the server as another user", where=wanted, fix="Start as root, or leave the user out."
        )
    if data.exists() and data.stat().st_uid != os.geteuid():
        raise DatabaseUnavailable(
            "the database belongs to another user", where=data, fix="Start as that user, or as root."
        )


def _named(name: str) -> Account:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise DatabaseUnavailable(
            "there is no such user on this machine", where=name, fix="Create the user, or name another one."
        ) from None
    if entry.pw_uid == 0 and os.geteuid() == 0:
        raise DatabaseUnavailable("PostgreSQL refuses to run as root", where=name, fix="Name an unprivileged user.")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _owner(data: Path) -> Account | None:
    if not data.exists():
        return None
    found = data.stat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid == 0:
        raise DatabaseUnavailable(
            "this is not a folder of an unprivileged user, so no server can use it",
            where=data,
            fix="Move it away, or give it back to the user the server ran as.",
        )
    try:
        return Account(pwd.getpwuid(found.st_uid).pw_name, found.st_uid, found.st_gid)
    except KeyError:
        return Account(str(found.st_uid), found.st_uid, found.st_gid)


def _first_unprivileged() -> Account:
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in UNPRIVILEGED:
        if name in known:
            return _named(name)
    raise DatabaseUnavailable(
        f"root started us, and there is no user {' or '.join(UNPRIVILEGED)} to run PostgreSQL as",
        where="/etc/passwd",
        fix="Create an unprivileged user and set THROUGHLINE_POSTGRES_USER to its name.",
    )
