"""One PostgreSQL program under its guard: it cannot outlive us, and holds the folder's lock until it has ended."""

import asyncio
import contextlib
import os
import sys
from pathlib import Path

from throughline.store.embedded_account import Account
from throughline.store.embedded_locks import Lock

GUARD = Path(__file__).with_name("embedded_guard.py")


class Program:
    """Started with `launch`; `stop` may be called at any time, and twice."""

    def __init__(self, process: asyncio.subprocess.Process, lifeline: int) -> None:
        self._process, self._lifeline = process, lifeline

    @classmethod
    async def launch(
        cls, command: list[str], *, ending: str, account: Account | None, lock: Lock, log: int
    ) -> "Program":
        theirs, ours = os.pipe()
        uid, gid = (account.uid, account.gid) if account else (-1, -1)
        numbers = [str(number) for number in (theirs, os.getpid(), uid, gid)]
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", str(GUARD), *numbers, ending, *command,
                pass_fds=(theirs, lock.fileno()), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                cwd="/", start_new_session=True,
            )  # fmt: skip
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        return cls(process, ours)

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def wait(self) -> int:
        return await self._process.wait()

    async def abandon(self) -> None:
        """End it as our own death would."""
        self._cut()
        await self.wait()

    async def stop(self) -> None:
        """Ask, and wait; when the waiting is given up, end it as our own death would."""
        try:
            if self._lifeline >= 0 and self.running:
                with contextlib.suppress(BrokenPipeError):
                    os.write(self._lifeline, b"s")
            await self.wait()
        finally:
            self._cut()

    def _cut(self) -> None:
        if self._lifeline >= 0:
            os.close(self._lifeline)
        self._lifeline = -1
