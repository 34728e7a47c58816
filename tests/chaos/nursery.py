"""Where worker processes come from, and what becomes of them: told by the process that forks them."""

import asyncio
import os
import signal
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.chaos.boundaries import Orders

PROGRAM = Path(__file__).with_name("worker_process.py")
ROOT = Path(__file__).parents[2]
START_SECONDS = 30


@dataclass
class Life:
    """One worker process, from its start to its end."""

    pid: int
    log: Path
    is_ready: asyncio.Future[None]
    ended: asyncio.Future[int]

    async def ready(self) -> None:
        await asyncio.wait({self.is_ready, self.ended}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        assert self.is_ready.done(), f"the worker did not start:\n{self.log.read_text()[-3000:]}"

    def send(self, number: signal.Signals) -> None:
        if not self.ended.done():
            os.kill(self.pid, number)

    async def over(self, seconds: float = 60) -> int:
        """Its exit code; minus nine when it was killed."""
        try:
            return await asyncio.wait_for(asyncio.shield(self.ended), seconds)
        except TimeoutError:
            raise AssertionError(f"the worker does not end:\n{self.log.read_text()[-3000:]}") from None

    async def kill(self) -> None:
        self.send(signal.SIGKILL)
        await self.over()


@dataclass
class Nursery:
    """Open it with `async with`; nobody it started outlives it. `before` is put in front, as `ip netns exec one`."""

    lives: list[Life] = field(default_factory=list[Life])
    before: tuple[str, ...] = ()
    _born: asyncio.Queue[int] = field(default_factory=asyncio.Queue[int])
    _said: dict[int, tuple[asyncio.Future[None], asyncio.Future[int]]] = field(init=False)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._said = defaultdict(lambda: (loop.create_future(), loop.create_future()))
        self._process = await asyncio.create_subprocess_exec(
            *self.before, sys.executable, str(PROGRAM), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), *sys.path))},
        )  # fmt: skip
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for life in self.lives:
            life.send(signal.SIGCONT)
            await life.kill()
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._listening

    async def start(self, orders: Orders, log: Path) -> Life:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{log} {orders.model_dump_json()}\n".encode())
        pid = await asyncio.wait_for(self._born.get(), START_SECONDS)
        life = Life(pid, log, *self._said[pid])
        self.lives.append(life)
        await life.ready()
        return life

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            match line.decode().split():
                case ["born", pid]:
                    self._born.put_nowait(int(pid))
                case ["ready", pid]:
                    self._said[int(pid)][0].set_result(None)
                case ["died", pid, code]:
                    self._said[int(pid)][1].set_result(int(code))
                case _:
                    pass  # what the server prints for people
