"""A worker, or a whole server, as a process of its own that dies or is paused where a test wants it.

Built from Settings as the real one is; what is watched is handed in as arguments, so the product knows nothing of it.
"""

import asyncio
import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, NoReturn, cast

import uvloop

from tests.chaos.boundaries import WHO, Orders, Watch, WatchedPool, WatchedTransport
from throughline.cli.serve import running
from throughline.core.firm import System
from throughline.core.mapping import Mapping
from throughline.hub.applied import Applied
from throughline.hub.machine import Machine
from throughline.hub.polls import Polls
from throughline.hub.runs import Runner
from throughline.hub.wire import AiohttpTransport
from throughline.main import log_to_stderr, machine
from throughline.settings import Settings
from throughline.store.database import Pool
from throughline.worker import Worker

PARENT_SECONDS = 1.0


class WatchedRunner(Runner):
    """A runner whose boundaries count. A lane that has come to its stop is dead to this process."""

    watch: Watch
    works: bool

    async def work(self, lane: str) -> None:
        if self.works and lane not in self.watch.stopped:
            WHO.set(lane)
            await super().work(lane)


class Alone[Item, Result]:
    """In place of Together: everybody has boundaries of their own, and who stops at one holds nobody else up."""

    def __init__(self, all_at_once: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]) -> None:
        self._all_at_once = all_at_once

    async def one(self, item: Item) -> Result:
        (result,) = await self._all_at_once([item])
        return result


class WatchedPolls(Polls):
    """Polls whose boundaries count, each kind's for itself."""

    async def _one(self, applied: Applied, system: System, mapping: Mapping) -> int:
        WHO.set(f"poll of {system.name} {mapping.kind}")
        return await super()._one(applied, system, mapping)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedMachine(Machine):
    """The machine as it is built, but for what it hands to its runner and its polls."""

    watch: Watch
    orders: Orders

    def runner(self, worker: str) -> Runner:
        plain = replace(
            Machine.runner(self, worker),
            pool=self.watched_pool(),
            lease_length=timedelta(seconds=self.orders.lease_seconds),
        )
        runner = WatchedRunner(**_fields(plain))
        runner.watch, runner.works = self.watch, self.orders.works
        if self.orders.stop or self.orders.report:
            runner.claims, runner.endings = (
                cast(Any, Alone(runner.claims.all_at_once)),
                cast(Any, Alone(runner.endings.all_at_once)),
            )
        return runner

    def polls(self) -> Polls:
        return WatchedPolls(**_fields(replace(Machine.polls(self), pool=self.watched_pool())))

    def watched_pool(self) -> Pool:
        return cast(Pool, WatchedPool(self.pool, self.watch))


async def run(orders: Orders) -> None:
    settings = Settings(
        firm=orders.firm, data=orders.data, database_url=orders.database_url, port=orders.serves_at or 0,
        connections=orders.connections, lanes_at_once=orders.lanes_at_once,
    )  # fmt: skip
    watch = Watch(orders)
    async with AsyncExitStack() as stack:
        real = await stack.enter_async_context(AiohttpTransport())
        built = await stack.enter_async_context(machine(settings, transport=WatchedTransport(real, watch)))
        watched = WatchedMachine(**_fields(built), watch=watch, orders=orders)
        tasks = [asyncio.create_task(watch.end()), asyncio.create_task(end_with(os.getppid()))]
        stack.callback(lambda: [task.cancel() for task in tasks])
        if orders.serves_at is not None:
            served = await stack.enter_async_context(running(watched, settings))
            os.write(1, b"ready %d\n" % os.getpid())
            await served.over.wait()
            return
        await watched.firms.apply(by=orders.name)
        if orders.stop:
            # Whoever comes to their stop in a call stays in the gate for good: that is not a system that hangs.
            for line in (await watched.firms.current()).lines.values():
                line.gate.patience = timedelta.max
        worker = Worker(watched, orders.name, orders.lanes_at_once)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stopping.set)
        os.write(1, b"ready %d\n" % os.getpid())
        await worker.run()


async def end_with(parent: int) -> None:
    """Nobody is left behind when the tests themselves are killed."""
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_SECONDS)
    os._exit(1)


def nursery() -> None:
    """A process for each line of orders that comes in, forked from one in which everything is imported already."""
    signal.signal(signal.SIGCHLD, _tell_who_died)
    for line in sys.stdin.buffer:
        log, _, orders = line.partition(b" ")
        child = os.fork()
        if child == 0:
            _live(log.decode(), orders)
        os.write(1, b"born %d\n" % child)


def _live(log: str, orders: bytes) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        log_to_stderr("info")
        uvloop.run(run(Orders.model_validate_json(orders)))
    except BaseException:  # noqa: BLE001 - whatever it was, it goes into the log and ends this process only
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _tell_who_died(_number: int, _frame: object) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            os.write(1, b"died %d %d\n" % (ended[0], os.waitstatus_to_exitcode(ended[1])))


def _fields(of: Any) -> dict[str, Any]:
    return {each.name: getattr(of, each.name) for each in fields(of) if each.init}


if __name__ == "__main__":
    nursery()
