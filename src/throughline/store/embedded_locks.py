"""Locks between programs, on files in the database's folder; the kernel gives a lock back when its last holder dies."""

import fcntl
import os
from pathlib import Path


class Lock:
    """One lock file, opened. It is never deleted: two programs could then lock two files of the same name.

    A child process that is handed the file number shares the lock, so it lasts until parent and child have both ended.
    That is also why `close` only closes and never unlocks.
    """

    def __init__(self, path: Path) -> None:
        # O_NOFOLLOW: root may be working in a folder that belongs to somebody else.
        self._number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def fileno(self) -> int:
        return self._number

    def take(self, *, shared: bool = False) -> bool:
        """Take it now or not at all."""
        try:
            fcntl.flock(self._number, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        if self._number >= 0:
            os.close(self._number)
        self._number = -1
