"""Runs one PostgreSQL program for exactly as long as its owner lives; a program of its own, run by its path.

The owner holds the other end of a pipe, the lifeline. One byte on it asks for a stop; its end means the owner is dead,
however it died. Standing between the two as a process with a single thread settles what an owner cannot do for itself:
the kernel's signal on a parent's death follows the parent's *thread*, and code between fork and exec is unsafe in a
program with threads. If this guard is killed too, that signal ends the program.

It is started with the interpreter's -I and -S and imports no package: it must start in milliseconds.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType

PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 1.0  # the pipe tells us at once; this is for an owner whose pipe was inherited by a fork of it

# What is sent, and how many seconds after the wish. SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one:
# the next start then recovers from the write-ahead log, and nothing that was committed is lost.
type Ladder = Sequence[tuple[float, signal.Signals]]
PATIENT: Ladder = ((0, signal.SIGINT), (60, signal.SIGQUIT), (66, signal.SIGKILL))
QUICK: Ladder = ((0, signal.SIGINT), (5, signal.SIGQUIT), (8, signal.SIGKILL))
AT_ONCE: Ladder = ((0, signal.SIGKILL),)


def main(arguments: list[str]) -> int:
    lifeline, owner, uid, gid = (int(number) for number in arguments[:4])
    ending, *command = arguments[4:]
    os.set_inheritable(lifeline, False)
    woken = _hear_signals()
    if os.getppid() != owner:
        return 1
    keep = ending == "server"
    child = _launch(command, uid, gid, signal.SIGINT if keep else signal.SIGKILL)
    ladders = (PATIENT, QUICK) if keep else (AT_ONCE, AT_ONCE)
    return _Watch(child, lifeline, owner, woken, ladders).until_the_end()


def _hear_signals() -> int:
    """A number that becomes readable when a child ends or we are asked to; Ctrl-C and a lost terminal are not ours."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _only_wake)
    signal.signal(signal.SIGTERM, _only_wake)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return reading


def _only_wake(_number: int, _frame: FrameType | None) -> None:
    pass


def _launch(command: list[str], uid: int, gid: int, at_our_death: signal.Signals) -> int:
    guard = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        _become(uid, gid)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        if sys.platform == "linux":  # after the change of user, which clears it
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(at_our_death))
        if os.getppid() == guard:
            os.execve(command[0], command, _environment())  # noqa: S606 - no shell is the point
    except OSError as error:
        os.write(2, f"cannot run {command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def _become(uid: int, gid: int) -> None:
    os.umask(0o077)
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def _environment() -> dict[str, str]:
    """The operator's PGDATA, PGOPTIONS or odd locale must not reach the server."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return kept | {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class _Watch:
    def __init__(self, child: int, lifeline: int, owner: int, woken: int, ladders: tuple[Ladder, Ladder]) -> None:
        self._child, self._lifeline, self._owner, self._woken = child, lifeline, owner, woken
        self._patient, self._quick = ladders
        self._ladder: Ladder = ()
        self._since, self._sent = 0.0, 0

    def until_the_end(self) -> int:
        while (code := self._ended()) is None:
            listening = [self._woken] if self._ladder is self._quick else [self._woken, self._lifeline]
            ready, _, _ = select.select(listening, [], [], LOOK_SECONDS)
            self._hear(ready)
            self._climb()
        return code

    def _ended(self) -> int | None:
        found, status = os.waitpid(self._child, os.WNOHANG)
        if not found:
            return None
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code

    def _hear(self, ready: list[int]) -> None:
        signals = os.read(self._woken, 64) if self._woken in ready else b""
        if self._lifeline in ready:
            self._wish(self._patient if os.read(self._lifeline, 1) else self._quick)
        if signal.SIGTERM in signals or os.getppid() != self._owner:
            self._wish(self._quick)

    def _wish(self, ladder: Ladder) -> None:
        if self._ladder is not ladder:
            self._ladder, self._since, self._sent = ladder, time.monotonic(), 0

    def _climb(self) -> None:
        elapsed = time.monotonic() - self._since
        for after, number in self._ladder[self._sent :]:
            if elapsed < after:
                return
            self._sent += 1
            # Setting up is several processes in one group; a server is asked as one, and tells its own children.
            with contextlib.suppress(ProcessLookupError):
                (os.killpg if self._ladder is AT_ONCE else os.kill)(self._child, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
