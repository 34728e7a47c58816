"""A connector, its simulator and a real line between them: everything but the hub's own decisions."""

import hashlib
import hmac
import os
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from collections.abc import Mapping as Dict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from throughline.core.connector import Census, Connector, Credentials, Http, Sent, Where
from throughline.core.entities import Entity
from throughline.core.firm import Firm, Limits
from throughline.core.forms import Record
from throughline.core.mapping import Mapping
from throughline.hub.captures import Captures
from throughline.hub.firm import load
from throughline.hub.wire import AiohttpTransport, Context, Line
from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.shelf import Shelf
from throughline.sandbox.simulator import Simulator
from throughline.store.database import Pool, connected
from throughline.testing.acceptance import Installed

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DEMO = Path(import_module("throughline.demo").__file__ or "").parent / "firm"
KINDS = {
    "salesforce": "Salesforce",
    "netsuite": "NetSuite",
    "kantata": "Kantata",
    "slack": "Slack",
    "workday": "Workday",
}


@cache
def key_pair() -> tuple[str, bytes]:
    """A private key in PEM and its public half, made once: making one takes longer than a test."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode(), public


@cache
def demo_firm() -> Firm:
    return load(DEMO)


@dataclass
class Names:
    """The demo firm's own tables, and whatever links a test says there are."""

    ids: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def our_id(self, kind: str, key: str) -> str | None:
        return self.ids.get((kind, key))

    def their_key(self, kind: str, id_: str) -> str | None:
        return next((key for (of, key), ours in self.ids.items() if (of, ours) == (kind, id_)), None)

    def in_table(self, table: str, column: str, *, where: Dict[str, str]) -> str | None:
        return demo_firm().table(table).translate(column, where)


@dataclass
class Bench:
    """One system on the bench. `line` is the machine's own; faults and people's edits go past it."""

    connector: Connector
    line: Line
    simulator: Simulator
    clock: SandboxClock
    url: str
    session: aiohttp.ClientSession
    names: Names = field(default_factory=Names)

    @property
    def http(self) -> Http:
        return self.line.http(Context())

    def mapping(self, kind: str) -> Mapping:
        mapping = self.connector.mapping(kind)
        assert mapping
        return mapping

    async def changes(self, kind: str, since: str | None = None) -> list[list[Record]]:
        assert self.connector.changes
        return [page.records async for page in self.connector.changes(self.http, self.mapping(kind), since)]

    async def cursor(self, kind: str, since: str | None = None) -> str | None:
        assert self.connector.changes
        cursors = [page.cursor async for page in self.connector.changes(self.http, self.mapping(kind), since)]
        return max((each for each in cursors if each), default=since)

    async def find(self, kind: str, **where: Any) -> list[Record]:
        assert self.connector.find
        return await self.connector.find(self.http, self.mapping(kind), Where(**where))

    async def count(self, kind: str, since: datetime, until: datetime) -> Census | None:
        assert self.connector.count
        return await self.connector.count(self.http, self.mapping(kind), since, until)

    async def put(self, entity: Entity, key: str | None = None, only: tuple[str, ...] = ()) -> str:
        """As the outlet does it: all fields of a new record, the differing ones of a known one."""
        assert self.connector.put
        mapping = self.mapping(entity.kind)
        whole = entity.model_dump(mode="json", exclude_none=True)
        fields = {n: v for n, v in whole.items() if n in mapping.writable() and (not only or n in only)}
        record = mapping.write(fields, names=self.names, around=whole)
        their_key = await self.connector.put(
            self.http, mapping, Sent(record=record, id=entity.id, key=key, marker=entity.id)
        )
        self.names.ids[entity.kind, their_key] = entity.id
        return their_key

    def read(self, kind: str, record: Record) -> Any:
        return self.mapping(kind).read(record, system=self.connector.name, names=self.names)

    def kept(self, kind: str) -> dict[str, Record]:
        """What the vendor has on its shelf."""
        return self.simulator.shelf.all(kind)

    def asked(self, part: str = "") -> list[str]:
        """The requests that reached the vendor."""
        return [f"{call['method']} {call['path']}" for call in self.simulator.calls if part in call["path"]]

    async def control(self, path: str, body: Any, *, status: int = 200) -> Any:
        async with self.session.post(f"{self.url}/__sandbox__/{path}", json=body) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def fault(self, kind: str, **more: Any) -> None:
        await self.control("faults", {"kind": kind, **more}, status=201)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def installed(self, kind: str, sample: Callable[[int], Entity], there: Callable[[Any], int]) -> Installed:
        """For the acceptance kit: counted on the vendor's own shelf, in the time of its own clock."""

        async def count(entity: Entity) -> int:
            return there(entity)

        async def wait(seconds: float) -> None:
            self.advance(seconds)

        return Installed(
            connector=self.connector,
            mapping=self.mapping(kind),
            http=self.http,
            sample=sample,
            count=count,
            wait=wait,
            names=self.names,
        )


type SetUp = Callable[..., Awaitable[Bench]]


@dataclass(frozen=True)
class Shared:
    """What the benches of one module share: opening it takes longer than most tests."""

    pool: Pool
    captures: Captures
    transport: AiohttpTransport
    session: aiohttp.ClientSession


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(server_url: str) -> AsyncGenerator[Shared]:
    name = f"connectors_{os.getpid()}"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f'drop database if exists "{name}" with (force)')
    await admin.execute(f'create database "{name}" template template_of_ours')
    async with (
        connected(_url_of(server_url, name), size=8) as pool,
        Captures(pool) as captures,
        AiohttpTransport(deadline_seconds=1.0) as transport,
        aiohttp.ClientSession() as session,
    ):
        yield Shared(pool, captures, transport, session)
    await admin.execute(f'drop database if exists "{name}" with (force)')
    await admin.close()


def _url_of(url: str, database: str) -> str:
    head, _, query = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{database}{'?' + query if query else ''}"


@pytest_asyncio.fixture(loop_scope="module")
async def bench_of(shared: Shared) -> AsyncGenerator[SetUp]:
    """Opens a system by name, with the secrets and settings a firm would give it."""
    async with AsyncExitStack() as closing:

        async def set_up(
            name: str, *, secrets: dict[str, str], settings: dict[str, str] | None = None, **more: Any
        ) -> Bench:
            clock = SandboxClock(START, speed=0)
            module = import_module(f"throughline.sandbox.{name}")
            simulator: Simulator = getattr(module, KINDS[name])(
                clock=clock,
                shelf=Shelf(),
                chance=random.Random(7),
                **more,
            )
            runner = web.AppRunner(simulator.app(), access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            closing.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            connector: Connector = import_module(f"throughline.connectors.{name}").CONNECTOR
            # What an earlier test was told about its budget and its endpoints is not ours.
            await shared.pool.execute("delete from call_budgets; delete from breakers; delete from token_requests")
            line = Line(
                pool=shared.pool,
                name=name,
                connector=connector,
                credentials=Credentials(secrets=secrets, settings=dict(settings or {}), url=url),
                limits=Limits(),
                transport=shared.transport,
                captures=shared.captures,
                clock=clock.now,
                key=b"a key for the tests",
            )
            return Bench(connector, line, simulator, clock, url, shared.session)

        yield set_up


@pytest.fixture
def keys() -> tuple[str, bytes]:
    return key_pair()


@pytest.fixture
def hmac_of() -> Callable[[str, bytes], str]:
    """A vendor's signature, computed here and not by our own code."""
    return lambda secret, text: hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
