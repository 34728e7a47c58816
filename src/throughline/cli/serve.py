"""`up` and `worker`: the processes that do the work."""

import asyncio
import os
import secrets
import signal
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import override

import structlog
import uvicorn

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import opened
from throughline.cli.printing import talk
from throughline.cli.where import HERE, Where
from throughline.hub.firm import FirmErrors
from throughline.hub.firm.secrets import SecretMissing
from throughline.hub.firms import signature
from throughline.hub.machine import Machine
from throughline.server import app
from throughline.settings import Settings
from throughline.store.database import AWAY
from throughline.worker import Worker

log = structlog.get_logger()

LOOK_SECONDS = 1.0
GOODBYE_SECONDS = 5
BACKLOG = 2048


async def up(*, host: str | None = None, port: int | None = None, workers: int = 1, where: Where = HERE) -> int:
    """Run the server and a worker on a firm's folder.

    Parameters
    ----------
    host
        The address to listen on.
    port
        The port to listen on; 0 takes a free one.
    workers
        How many workers run in this process; more processes can join with `throughline worker`.
    """
    settings = where.settings(host=host, port=port)
    async with opened(settings) as machine, running(machine, settings, workers=workers) as served:
        talk.print(f"Throughline runs at {served.address}. Stop with Ctrl-C.", soft_wrap=True)
        await served.over.wait()
    return Exit.DONE


async def worker(*, where: Where = HERE) -> int:
    """Run one more worker; as many as you like share a database."""
    settings = where.settings()
    async with opened(settings) as machine:
        await machine.firms.current()
        over, one = ending(), Worker(machine, worker_name(), settings.lanes_at_once)
        work = asyncio.create_task(one.run())
        ended = asyncio.create_task(over.wait())
        talk.print(f"Worker {one.name} has joined. Stop with Ctrl-C.", soft_wrap=True)
        await asyncio.wait((work, ended), return_when=asyncio.FIRST_COMPLETED)
        one.stopping.set()
        ended.cancel()
        await work
    return Exit.DONE


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers, and the event that ends it."""

    address: str
    over: asyncio.Event


class _Server(uvicorn.Server):
    """Signals are ours to handle: the worker finishes what it began before the server goes."""

    @contextmanager
    @override
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def running(
    machine: Machine, settings: Settings, *, workers: int = 1, any_port: bool = False
) -> AsyncGenerator[Served]:
    """Server, workers and the watch over the firm's folder, until the block ends."""
    listening = listen(settings, any_port=any_port)
    try:
        await machine.firms.apply(by="throughline up")
        await machine.firms.current()
    except BaseException:
        listening.close()
        raise
    over = ending()
    config = uvicorn.Config(
        app(machine, settings), log_config=None, access_log=False, lifespan="on", loop="uvloop",
        timeout_graceful_shutdown=GOODBYE_SECONDS, server_header=False,
    )  # fmt: skip
    server = _Server(config)
    crew = [Worker(machine, worker_name(), settings.lanes_at_once) for _ in range(workers)]
    watching = asyncio.create_task(_watch(machine, settings))
    tasks = [asyncio.create_task(server.serve(sockets=[listening])), watching]
    tasks += [asyncio.create_task(each.run()) for each in crew]
    for task in tasks:
        task.add_done_callback(lambda _: over.set())
    try:
        yield Served(_address(settings.host, listening), over)
    finally:
        for each in crew:
            each.stopping.set()
        server.should_exit = True
        watching.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        for failure in ended:
            if isinstance(failure, Exception):
                raise failure


def ending() -> asyncio.Event:
    """Set by Ctrl-C or by whoever manages the process; a second Ctrl-C does not wait."""
    over, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _end, over)
    return over


def _end(over: asyncio.Event) -> None:
    if over.is_set():
        os._exit(Exit.INTERRUPTED)
    over.set()


async def _watch(machine: Machine, settings: Settings) -> None:
    """Apply the folder when it was changed. A wrong one is told and not applied; what is applied goes on."""
    seen = await _looked(settings)
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        now = await _looked(settings)
        if now == seen:
            continue
        try:
            await _apply(machine)
        except (FirmErrors, SecretMissing) as error:
            talk.print(str(error), markup=False, soft_wrap=True)
            log.warning("firm.refused", why=type(error).__name__)
        except (*AWAY, OSError) as error:
            # The database is away, or a file went while we read: the next look tells.
            log.warning("firm.not_applied", why=f"{type(error).__name__}: {error}")
            continue
        seen = now


async def _looked(settings: Settings) -> object:
    try:
        return await asyncio.to_thread(signature, settings.firm)
    except OSError as error:
        return str(error)  # a file that went while we looked: different from what was there before


async def _apply(machine: Machine) -> None:
    before = (await machine.firms.current()).version
    version = await machine.firms.apply(by="folder")
    await machine.firms.current()
    if version != before:
        talk.print(f"The folder was changed: version {version} is applied.")


def listen(settings: Settings, *, any_port: bool) -> socket.socket:
    try:
        return _bound(settings.host, settings.port)
    except OSError as error:
        if any_port and settings.port:
            return listen(settings.model_copy(update={"port": 0}), any_port=False)
        raise Stop(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror or error}. Use another with --port.",
            Exit.CONFLICT,
        ) from error


def _bound(host: str, port: int) -> socket.socket:
    """It listens from here on, so that two programs that start at once do not both believe the port is theirs."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _address(host: str, listening: socket.socket) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"


def worker_name() -> str:
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(3)}"
