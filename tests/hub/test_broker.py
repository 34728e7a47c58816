"""Publishing to a real NATS server: away, killed and restarted in the middle, and a cluster with one node killed."""

import asyncio
import random
import shutil
import signal
import socket
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.errors import Error as NatsError
from nats.js.api import StreamConfig

from throughline.hub import subscriptions
from throughline.hub.broker import PREFIX, Broker, pause, subject_of
from throughline.hub.horizon import Horizon
from throughline.hub.machine import Machine
from throughline.hub.outbox import Outbox
from throughline.store.database import Pool

SERVER = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/sbin")
STREAM = "THROUGHLINE"
EVENT = (
    "insert into events (id, type, subject, fields, correlation, at) values ($1, 'ProjectOpened', $2, '{}', 'o', $3)"
)

with_server = pytest.mark.skipif(SERVER is None, reason="no nats-server here: apt-get install nats-server")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Server:
    """One nats-server on loopback, which may be killed and started again on what it has on disk."""

    folder: Path
    port: int = field(default_factory=free_port)
    more: list[str] = field(default_factory=list[str])
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    async def start(self) -> None:
        assert SERVER
        self.process = await asyncio.create_subprocess_exec(
            SERVER, "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.folder), *self.more,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await answering(self.url)

    async def kill(self) -> None:
        if self.process and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()


async def answering(url: str) -> None:
    """Wait until it takes connections and has JetStream."""
    async with asyncio.timeout(30):
        while True:
            try:
                connection = await nats.connect(url, allow_reconnect=False, error_cb=quietly)
                try:
                    await connection.jetstream(timeout=1).account_info()
                    return
                finally:
                    await connection.close()
            except (NatsError, OSError):
                await asyncio.sleep(0.1)


async def quietly(_: Exception) -> None:
    pass


async def held(url: str) -> list[tuple[str, str]]:
    """Everything in the stream, in its order: (Nats-Msg-Id, subject)."""
    connection = await nats.connect(url)
    try:
        stream = connection.jetstream()
        state = (await stream.stream_info(STREAM)).state
        messages = [
            await stream.get_msg(STREAM, n) for n in range(state.first_seq, state.last_seq + 1) if state.messages
        ]
        return [((each.headers or {})["Nats-Msg-Id"], each.subject or "") for each in messages]
    finally:
        await connection.close()


@dataclass
class Publishing:
    machine: Machine
    broker: Broker
    outbox: Outbox
    clock: Any
    happened_so_far: int = 0

    @property
    def pool(self) -> Pool:
        return self.machine.pool

    async def happened(self, count: int) -> None:
        for n in range(self.happened_so_far, self.happened_so_far + count):
            await self.pool.execute(EVENT, f"e-{n:04}", f"key-{n % 3}", self.clock())
        self.happened_so_far += count

    async def tell(self) -> None:
        await self.outbox.look()
        await self.outbox.quiet()

    def expected(self) -> list[str]:
        return [f"e-{n:04}" for n in range(self.happened_so_far)]


type Connected = Callable[[str], Any]


@pytest.fixture
async def publishing(world: Any) -> AsyncGenerator[Connected]:
    made: list[Publishing] = []

    async def connected(url: str) -> Publishing:
        broker = Broker(world.pool, Horizon(world.pool), world.clock, url, STREAM)
        await broker.join()
        machine = replace(world.machine, broker=broker)
        made.append(Publishing(machine, broker, machine.outbox("worker-1"), world.clock))
        return made[-1]

    yield connected
    for each in made:
        await each.outbox.close()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    one = Server(tmp_path / "nats")
    await one.start()
    yield one
    await one.kill()


def test_a_subject_is_made_of_the_kind_and_the_entity() -> None:
    assert subject_of("ProjectOpened", "project-1") == "throughline.events.ProjectOpened.project-1"
    assert subject_of("T", "a.b >*c") == "throughline.events.T.a_b___c"
    assert subject_of("T", "") == "throughline.events.T._"


def test_a_broker_that_is_away_is_asked_more_and_more_seldom_but_every_half_minute(clock: Any) -> None:
    now = clock()
    pauses = [pause(now - timedelta(seconds=away), now) / timedelta(seconds=1) for away in (0, 10, 3600)]

    assert pauses == [1, 5, 30]
    assert pause(None, now) == timedelta(seconds=1)


@with_server
async def test_every_event_is_published_once_in_order_with_its_attributes_as_headers(
    server: Server, publishing: Connected
) -> None:
    here = await publishing(server.url)
    await here.happened(20)

    await here.tell()
    await here.tell()

    assert [id_ for id_, _ in await held(server.url)] == here.expected()
    connection = await nats.connect(server.url)
    last = await connection.jetstream().get_last_msg(STREAM, f"{PREFIX}.ProjectOpened.key-1")
    await connection.close()
    assert last.headers
    assert (last.headers["ce-specversion"], last.headers["ce-type"], last.headers["ce-subject"]) == (
        "1.0",
        "throughline.ProjectOpened",
        "key-1",
    )
    assert (last.headers["ce-id"], last.data) == (last.headers["Nats-Msg-Id"], b"{}")


@with_server
async def test_a_broker_away_for_hours_loses_nothing(server: Server, publishing: Connected) -> None:
    here = await publishing(server.url)
    await here.happened(3)
    await here.tell()
    await server.kill()
    for _ in range(4):
        await here.happened(5)
        await here.tell()
        here.clock.advance(3600)
    told = await subscriptions.one(here.machine, "nats")
    assert told.behind_since
    assert told.row["why"]

    await server.start()
    await here.tell()

    assert [id_ for id_, _ in await held(server.url)] == here.expected()
    assert (await subscriptions.one(here.machine, "nats")).behind_since is None


@with_server
async def test_killed_and_restarted_in_the_middle_nothing_is_lost_nothing_doubled(
    server: Server, publishing: Connected
) -> None:
    here = await publishing(server.url)
    chance = random.Random(11)
    for _ in range(6):
        await here.happened(60)
        await here.outbox.look()
        await asyncio.sleep(chance.uniform(0.01, 0.15))  # a real server has no other clock
        await server.kill()
        await here.outbox.quiet()
        await server.start()
        here.clock.advance(31)
    await here.tell()

    assert [id_ for id_, _ in await held(server.url)] == here.expected()


@with_server
async def test_an_acknowledgement_lost_for_longer_than_ids_are_remembered_doubles_nothing(
    server: Server, publishing: Connected
) -> None:
    """The broker has forgotten the ids; what it holds is asked instead."""
    connection = await nats.connect(server.url)
    await connection.jetstream().add_stream(StreamConfig(STREAM, subjects=[f"{PREFIX}.>"], duplicate_window=0.1))
    await connection.close()
    here = await publishing(server.url)
    await here.happened(10)
    await here.tell()
    await here.pool.execute("update subscriptions set place = 0 where id = 'nats'")  # none was acknowledged
    await asyncio.sleep(0.5)  # the broker's window has no other clock

    await here.happened(1)
    await here.tell()

    assert [id_ for id_, _ in await held(server.url)] == here.expected()


@with_server
async def test_a_stream_that_was_lost_is_made_and_filled_again_on_request(
    server: Server, publishing: Connected
) -> None:
    here = await publishing(server.url)
    began = here.clock()
    await here.happened(5)
    await here.tell()
    connection = await nats.connect(server.url)
    await connection.jetstream().delete_stream(STREAM)
    await connection.close()

    await subscriptions.recover(here.machine, "nats", began, person="test")
    await here.tell()

    assert [id_ for id_, _ in await held(server.url)] == here.expected()


@with_server
@pytest.mark.nightly
async def test_a_cluster_of_three_goes_on_when_one_is_killed(tmp_path: Path, publishing: Connected) -> None:
    routes = [free_port() for _ in range(3)]
    known = ",".join(f"nats://127.0.0.1:{port}" for port in routes)
    nodes = [
        Server(
            tmp_path / f"node-{n}",
            more=["-n", f"node-{n}", "--cluster_name", "three", "--cluster", f"nats://127.0.0.1:{port}",
                  "--routes", known],
        )
        for n, port in enumerate(routes)
    ]  # fmt: skip
    try:
        await asyncio.gather(*(node.start() for node in nodes))
        await make_replicated(nodes[0].url)
        here = await publishing(",".join(node.url for node in nodes))
        for round_ in range(6):
            await here.happened(100)
            await here.outbox.look()
            await asyncio.sleep(0.05)
            killed = nodes[round_ % 3]
            await killed.kill()
            await here.outbox.quiet()
            await until_told(here)
            await killed.start()
            await asyncio.sleep(2)  # the node catches up before the next one goes: two of three must be whole

        assert [id_ for id_, _ in await held(nodes[0].url)] == here.expected()
    finally:
        for node in nodes:
            await node.kill()


async def make_replicated(url: str) -> None:
    connection = await nats.connect(url)
    async with asyncio.timeout(30):
        while True:
            try:
                config = StreamConfig(STREAM, subjects=[f"{PREFIX}.>"], num_replicas=3)
                await connection.jetstream().add_stream(config)
                break
            except NatsError:
                await asyncio.sleep(0.5)
    await connection.close()


async def until_told(here: Publishing) -> None:
    """A new leader is elected within seconds; until then publishing fails and is tried again."""
    async with asyncio.timeout(60):
        while (await subscriptions.one(here.machine, "nats")).behind_since:
            here.clock.advance(31)
            await here.tell()
            await asyncio.sleep(0.2)
