"""A machine on a driven clock, and four pretend systems behind its transport whose bad days are written beforehand.

`north` is the CRM, `south` the ERP (rung A; B for contracts, D for billing plans), `east` the PSA (rung C) and `west`
the chat (rung E).
"""

import asyncio
import hashlib
import hmac
import json
import os
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
import structlog

from throughline.core.clock import Clock
from throughline.core.connector import (
    Absent,
    Answer,
    Connector,
    Credentials,
    Expired,
    Fine,
    Http,
    Notice,
    Page,
    Received,
    Refused,
    Sent,
    Throttled,
    Token,
    TokenRequest,
    Unwell,
    Verdict,
    Where,
)
from throughline.core.entities import (
    BillingMilestone,
    BillingPlan,
    Contract,
    Customer,
    FxRate,
    Message,
    Opportunity,
    Project,
)
from throughline.core.events import Event
from throughline.core.forms import Record, Ref
from throughline.core.mapping import Mapping, Row, Rung
from throughline.core.workflow import Workflow
from throughline.hub import parking
from throughline.hub.captures import Captures
from throughline.hub.firms import Firms
from throughline.hub.machine import Machine
from throughline.hub.settle import Settled, Settler
from throughline.hub.wakes import Wakes
from throughline.hub.wire import Raw, Request, Transport
from throughline.store import firm_versions, lanes
from throughline.store.database import Pool, queue, transaction

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOOK_SECRET = "north-hook-secret"


class FakeClock:
    """Stands still unless a test moves it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)


@dataclass
class Fault:
    """What goes wrong with the next call that fits: before it is done, after it was done, or instead of it."""

    method: str
    path: str
    before: Callable[[], Any] | None = None
    error: Exception | None = None
    answer: Raw | None = None
    after: Exception | None = None


class Estate:
    """The pretend systems: a Transport that keeps records, and asks its list of faults first."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.records: dict[tuple[str, str], dict[str, Record]] = {}
        self.tokens = 0
        self.keys_last = timedelta(hours=1)
        self._keys: dict[str, tuple[datetime, bytes, Raw]] = {}
        self.closed: dict[str, tuple[datetime, datetime]] = {}
        self.arrivals: list[tuple[datetime, Request]] = []
        self._numbers = count(1)

    def fail(self, method: str, path: str = "", **how: Any) -> None:
        self.faults.append(Fault(method, path, **how))

    def calls(self, method: str, path: str = "") -> list[Request]:
        return [each for each in self.requests if each.method == method and path in each.url]

    def shelf(self, system: str, resource: str) -> dict[str, Record]:
        return self.records.setdefault((system, resource), {})

    def enter(self, system: str, resource: str, **record: Any) -> str:
        """Somebody over there enters or changes a record."""
        key = str(record.pop("id", None) or f"{system[0].upper()}{next(self._numbers)}")
        shelf = self.shelf(system, resource)
        shelf[key] = {**shelf.get(key, {}), "id": key, **record, "changed": self.clock().isoformat()}
        return key

    async def exchange(self, request: Request) -> Raw:
        self.requests.append(request)
        self.arrivals.append((self.clock(), request))
        if (window := self.closed.get(system_of(request))) and window[0] <= self.clock() < window[1]:
            return said(503, {"why": "closed for maintenance"})
        fault = next((f for f in self.faults if f.method == request.method and f.path in request.url), None)
        if fault:
            self.faults.remove(fault)
            if fault.before and isinstance(waits := fault.before(), Awaitable):
                await waits
            if fault.error:
                raise fault.error
            if fault.answer:
                return fault.answer
        answer = self._done(request)
        if fault and fault.after:
            raise fault.after
        return answer

    def _done(self, request: Request) -> Raw:  # noqa: PLR0911 - one per kind of request
        address = urlsplit(request.url)
        system, steps, asked = (address.hostname or "").split(".")[0], address.path.strip("/").split("/"), address.query
        if steps == ["token"]:
            self.tokens += 1
            return said(200, {"access_token": f"token-{system}-{self.tokens}", "expires_in": 3600})
        body = json.loads(request.body) if request.body else {}
        shelf = self.shelf(system, steps[0])
        match request.method, steps[1:]:
            case "GET", [key]:
                return said(200, shelf[key]) if key in shelf else said(404, {"why": f"no {key}"})
            case "GET", _:
                return said(200, self._asked(shelf, parse_qs(asked)))
            case "PUT", [_, ours]:
                known = next((key for key, record in shelf.items() if record.get("ours") == ours), None)
                return said(200, {"id": self.enter(system, steps[0], id=known, ours=ours, **body)})
            case "POST", _:
                key = request.headers.get("Idempotency-Key", "")
                return self._as_before(key, request) or self._remembered(
                    key, request, said(201, {"id": self.enter(system, steps[0], **body)})
                )
            case "PATCH", [key]:
                if key not in shelf:
                    return said(404, {"why": f"no {key}"})
                return said(200, {"id": self.enter(system, steps[0], id=key, **body)})
            case _:
                raise AssertionError(request)

    def _as_before(self, key: str, request: Request) -> Raw | None:
        """What a vendor with idempotency keys says to one it knows: the first answer, or that the body is another."""
        at, body, answer = self._keys.get(key, (None, b"", None))
        if at is None or self.clock() - at > self.keys_last:
            return None
        return answer if body == request.body else said(422, {"why": f"{key} was used with another body"})

    def _remembered(self, key: str, request: Request, answer: Raw) -> Raw:
        if key:
            self._keys[key] = (self.clock(), request.body, answer)
        return answer

    def _asked(self, shelf: dict[str, Record], asked: dict[str, list[str]]) -> dict[str, Any]:
        found = sorted(shelf.values(), key=lambda record: record["changed"])
        if since := asked.get("since"):
            found = [record for record in found if datetime.fromisoformat(record["changed"]) >= moment(since[0])]
        if mark := asked.get("mark"):
            found = [record for record in found if record.get("mark") == mark[0]]
        if name := asked.get("name"):
            found = [record for record in found if str(record.get("name", "")).lower() == name[0].lower()]
        number = int(asked.get("page", ["0"])[0])
        return {"items": found[2 * number : 2 * number + 2], "more": len(found) > 2 * number + 2}


def system_of(request: Request) -> str:
    return (urlsplit(request.url).hostname or "").split(".")[0]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def said(status: int, body: Any, **headers: str) -> Raw:
    return Raw(status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode())


# ---- one connector for all of them; they differ in what they keep and how strongly


def ask(credentials: Credentials, _now: datetime) -> TokenRequest:
    return TokenRequest("/token", {"grant_type": "client_credentials", "client_secret": credentials.secrets["key"]})


def read_token(answer: Answer, now: datetime) -> Token:
    expires_at = now + timedelta(seconds=int(answer.body["expires_in"]))
    return Token({"Authorization": f"Bearer {answer.body['access_token']}"}, expires_at)


def judge(answer: Answer) -> Verdict:  # noqa: PLR0911 - one per status
    why = str(answer.body.get("why", answer.status)) if isinstance(answer.body, dict) else str(answer.status)
    match answer.status:
        case 401:
            return Expired(why)
        case 404:
            return Absent(why)
        case 429:
            after = answer.headers.get("retry-after")
            return Throttled(timedelta(seconds=int(after)) if after else None)
        case 503:
            return Unwell(why, nothing_happened=True)
        case status if status >= 500:
            return Unwell(why)
        case status if status >= 400:
            return Refused(why, fix=(answer.body or {}).get("fix"))
        case _:
            return Fine()


async def changes(http: Http, mapping: Mapping, since: str | None) -> AsyncIterator[Page]:
    for number in count():
        params = {"page": str(number), **({"since": since} if since else {})}
        body = (await http.call("GET", f"/{mapping.resource}", params=params)).body
        yield Page(body["items"], max((record["changed"] for record in body["items"]), default=None))
        if not body["more"]:
            return


async def find(http: Http, mapping: Mapping, where: Where) -> list[Record]:
    if where.key:
        answer = await http.call("GET", f"/{mapping.resource}/{where.key}")
        return [answer.body] if answer.status == 200 else []
    params = {"mark": where.marker} if where.marker else {"name": str(where.fields.get("name", ""))}
    return (await http.call("GET", f"/{mapping.resource}", params=params)).body["items"]


async def put(http: Http, mapping: Mapping, sent: Sent) -> str:
    if sent.key:
        await http.call("PATCH", f"/{mapping.resource}/{sent.key}", json=sent.record)
        return sent.key
    if mapping.rung is Rung.UPSERT:
        return (await http.call("PUT", f"/{mapping.resource}/ours/{sent.id}", json=sent.record)).body["id"]
    # Rung D has no place for a mark; only B knows what the header means.
    record = sent.record if mapping.rung is Rung.NATURAL_KEY else {**sent.record, "mark": sent.marker}
    headers = {"Idempotency-Key": sent.idempotency_key} if sent.idempotency_key else {}
    return (await http.call("POST", f"/{mapping.resource}", json=record, headers=headers)).body["id"]


def signature(secret: str, at: str, body: bytes) -> str:
    return hmac.new(secret.encode(), at.encode() + body, hashlib.sha256).hexdigest()


def signed(credentials: Credentials, headers: Any, body: bytes, now: datetime) -> bool:
    at = headers.get("x-at", "0")
    fits = hmac.compare_digest(signature(credentials.secrets["hook"], at, body), headers.get("x-signature", ""))
    return fits and abs(now.timestamp() - float(at)) <= 300


def receive(_headers: Any, body: bytes) -> Received:
    heard = json.loads(body)
    notice = Notice(heard["id"], heard["kind"], heard["key"], heard.get("record"), heard.get("author"))
    return Received((notice,), reply=heard.get("challenge"))


def mapping(entity: Any, resource: str, *fields: str, rung: Rung = Rung.UPSERT, **more: Any) -> Mapping:
    rows = tuple(Row(name, name) for name in fields)
    ours = "mark" if rung is Rung.MARKER else "ours"
    return Mapping(entity, resource, "id", rows, changed="changed", id_field=ours, rung=rung, settle_seconds=60, **more)


def connectors() -> dict[str, Connector]:
    shared: dict[str, Any] = {"judge": judge, "ask": ask, "read_token": read_token, "put": put}
    north = (
        mapping(Customer, "customers", "name", "country", "phone"),
        mapping(Opportunity, "deals", "name", "stage", "customer"),
        mapping(FxRate, "rates", "provider", poll_seconds=600),
    )
    keyed: dict[str, Any] = {"key_window_seconds": 3600, "after_window": Rung.MARKER}
    south = (
        mapping(Customer, "customers", "name", "country", "payment_terms"),
        mapping(Contract, "contracts", "name", "currency", rung=Rung.IDEMPOTENCY_KEY, **keyed),
        Mapping(
            BillingMilestone,
            "milestones",
            "id",
            (Row("name", "name"), Row("due", "due"), Row("contract", "contract", Ref("contract"))),
            changed="changed",
            id_field="ours",
            rung=Rung.IDEMPOTENCY_KEY,
            settle_seconds=60,
            key_window_seconds=3600,
        ),
        mapping(BillingPlan, "plans", "name", "currency", rung=Rung.NATURAL_KEY, natural_key=("name",)),
    )
    east = (mapping(Project, "projects", "name", "currency", "manager", rung=Rung.MARKER),)
    west = (mapping(Message, "messages", "channel", "text", rung=Rung.NOTHING),)
    return {
        "north": Connector(
            name="north", mappings=north, changes=changes, find=find, receive=receive, signed=signed, **shared
        ),
        "south": Connector(name="south", mappings=south, find=find, **shared),
        "east": Connector(name="east", mappings=east, find=find, **shared),
        "west": Connector(name="west", mappings=west, **shared),
    }


def system(name: str, role: str, more: str = "") -> str:
    return (
        f"connector: {name}\nroles: [{role}]\nurl: https://{name}.example\npoll_seconds: 60\n"
        f"credentials: {{ key: env:{name.upper()}_KEY }}\n{more}"
    )


FIRM = {
    "firm.yaml": (
        "name: Small Firm\nreporting_currency: USD\nservice_lines: [Advisory]\nlegal_entities:\n"
        "  - { code: US, name: Small Firm Inc., country: US, currency: USD, timezone: America/New_York,"
        " holidays: US }\n"
    ),
    "systems/north.yaml": system(
        "north", "crm", "hook_secret: env:NORTH_HOOK\nsettings: { integration_user: throughline }\n"
    ),
    "systems/south.yaml": system("south", "erp"),
    "systems/east.yaml": system("east", "psa"),
    "systems/west.yaml": system("west", "chat"),
    "ownership.yaml": (
        'customer: { "*": crm, payment_terms: erp, segment: hub }\nopportunity: { "*": crm }\n'
        'project: { "*": hub }\nmessage: { "*": hub }\ncontract: { "*": hub }\nbilling_plan: { "*": hub }\n'
        'billing_milestone: { "*": hub }\n'
    ),
    "policies.yaml": 'hold_owners: { finance: Finance, "*": Operations }\n',
}
ENVIRON = {
    **{f"{name.upper()}_KEY": f"{name}-key-secret" for name in ("north", "south", "east", "west")},
    "NORTH_HOOK": HOOK_SECRET,
}


@dataclass
class World:
    """A machine with everything around it in a test's hands."""

    machine: Machine
    clock: FakeClock
    estate: Estate
    worker: str = "worker-1"
    started: int = field(default=0)

    @property
    def pool(self) -> Pool:
        return self.machine.pool

    async def start(self, event: Event, *, about: str = "") -> None:
        """Something happened: its workflows start."""
        self.started += 1
        applied = await self.machine.firms.current()
        settler = Settler(applied, self.machine.workflows, self.machine.ids)
        settled = Settled()
        async with transaction(self.pool) as sql:
            await settler.publish(sql, event, settled, about=about or str(self.started), now=self.clock())
            await settler.wake(sql, settled, now=self.clock())

    async def heard(self, system: str, kind: str, *records: Record, quiet: bool = False) -> Settled:
        """Records of a system are taken in."""
        applied = await self.machine.firms.current()
        settler = Settler(applied, self.machine.workflows, self.machine.ids)
        read = applied.mapping(system, kind)
        assert read is not None
        async with transaction(self.pool) as sql:
            return await settler.records(sql, system, read, records, now=self.clock(), quiet=quiet)

    async def work(self, lane: str | None = None) -> None:
        """Work on one lane, or on whatever is due until nothing is."""
        runner = self.machine.runner(self.worker)
        if lane is not None:
            return await runner.work(lane)
        due: list[str] = []
        for _ in range(20):
            await parking.let_go(self.pool, (await self.machine.firms.current()).lines, now=self.clock())
            due = await lanes.due(self.pool, now=self.clock(), limit=100)
            if not due:
                return None
            for each in due:
                await runner.work(each)
        raise AssertionError(f"lanes never come to rest: {due}")

    async def runs(self) -> list[Any]:
        return await self.pool.fetch("select * from runs order by seq")

    async def run(self) -> Any:
        (only,) = await self.runs()
        return only

    async def effects(self) -> list[Any]:
        return await self.pool.fetch("select * from effects order by seq")

    async def holds(self, state: str = "open") -> list[Any]:
        return await self.pool.fetch("select * from holds where state = $1 order by seq", state)

    async def captures(self) -> list[Any]:
        await self.machine.captures.safe()
        return await self.pool.fetch("select * from captures order by id")

    @asynccontextmanager
    async def broken(self, table: str, *, code: str = "57P01") -> AsyncGenerator[None]:
        """Meanwhile nothing can be written to a table; by default as if the database were being shut down."""
        await self.pool.execute(
            f"""create or replace function break() returns trigger as
                $$ begin raise exception 'broken' using errcode = '{code}'; end $$ language plpgsql;
                create trigger break before insert or update on {table} for each row execute function break()"""
        )
        try:
            yield
        finally:
            await self.pool.execute(f"drop trigger break on {table}")

    async def lane(self, key: str) -> Any:
        return await self.pool.fetchrow("select * from lanes where key = $1", key)


type Opened = Callable[..., Awaitable[World]]


def ids_in_order() -> Callable[[str], str]:
    numbers = count(1)
    return lambda kind: f"{kind}-{next(numbers):04}"


@pytest.fixture(scope="session", autouse=True)
def plain_log() -> Iterator[None]:
    """One line per event: the tracebacks that structlog draws by default take longer than the tests."""
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def hub_database(server_url: str) -> str:
    """One migrated database for all of these tests: emptying it takes a tenth of the time that making one does."""
    name = f"emptied_{os.getpid()}"

    async def make() -> None:
        admin = await asyncpg.connect(server_url)
        await admin.execute(f'drop database if exists "{name}" with (force)')
        await admin.execute(f'create database "{name}" template template_of_ours')
        await admin.close()

    asyncio.run(make())
    head, _, query = server_url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}{'?' + query if query else ''}"


@pytest.fixture
async def database_url(hub_database: str) -> str:
    connection = await asyncpg.connect(hub_database)
    tables = await connection.fetch(
        "select tablename from pg_tables where schemaname = 'public' and tablename <> 'migrations'"
    )
    # What is only ever added to is emptied as nobody but the database's owner can.
    await connection.execute("set session_replication_role = replica")
    await connection.execute(";".join(f"delete from {row['tablename']}" for row in tables))
    await connection.close()
    return hub_database


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def estate(clock: FakeClock) -> Estate:
    return Estate(clock)


@pytest.fixture
async def opened(pool: Pool, clock: FakeClock, estate: Estate, tmp_path: Path) -> AsyncGenerator[Opened]:
    """Awaited, with workflows, it is a machine on the test's database; twice, it is two processes on one database."""
    known, ids = connectors(), ids_in_order()
    for name, text in FIRM.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    await firm_versions.apply(pool, digest="first", files=FIRM, by="test", now=clock())
    async with AsyncExitStack() as stack:

        async def build(
            *workflows: Workflow, worker: str = "worker-1", its_clock: Clock = clock, its_pool: Pool = pool
        ) -> World:
            captures = await stack.enter_async_context(Captures(its_pool))
            firms = Firms(its_pool, tmp_path, ENVIRON, known, estate, captures, its_clock, b"key")
            chance = random.Random(7)
            wakes = Wakes(queue(its_pool), {each.name: each.priority for each in workflows})
            machine = Machine(its_pool, its_clock, ids, chance, known, workflows, firms, captures, wakes)
            return World(machine, clock, estate, worker)

        yield build


@pytest.fixture
async def world_of(pool: Pool, clock: FakeClock, estate: Estate, tmp_path: Path) -> AsyncGenerator[Any]:
    """A machine on a folder, a transport and connectors of the test's own."""
    async with AsyncExitStack() as stack:

        async def build(transport: Transport, known: dict[str, Connector], *workflows: Workflow) -> World:
            captures = await stack.enter_async_context(Captures(pool))
            environ = {"TOKEN": "a made-up token"}
            firms = Firms(pool, tmp_path, environ, known, transport, captures, clock, b"key")
            chance, wakes = random.Random(7), Wakes(queue(pool))
            ids = ids_in_order()
            return World(Machine(pool, clock, ids, chance, known, workflows, firms, captures, wakes), clock, estate)

        yield build


@pytest.fixture
async def world(opened: Opened) -> World:
    return await opened()


@pytest.fixture
def deliver(clock: FakeClock) -> Callable[..., tuple[dict[str, str], bytes]]:
    """The headers and body of a delivery that `north` signed just now."""

    def delivery(body: Any, *, secret: str = HOOK_SECRET, late: float = 0) -> tuple[dict[str, str], bytes]:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        at = str(clock().timestamp() - late)
        return {"x-at": at, "x-signature": signature(secret, at, text), "content-type": "application/json"}, text

    return delivery


@pytest.fixture
def firm_files() -> dict[str, str]:
    """The folder of the small firm, for a test that applies another version of it."""
    return dict(FIRM)
