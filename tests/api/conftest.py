"""The doors on a machine of one's own: the demo firm, an empty database, a clock that stands still."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from throughline import main, server
from throughline.api.doors import Doors
from throughline.demo.layout import SECRETS, lay_out
from throughline.hub.machine import Machine
from throughline.settings import Settings
from throughline.store.database import Sql, transaction

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SYSTEMS = ("salesforce", "netsuite", "kantata", "slack", "workday")
PROBLEM = "application/problem+json"


@dataclass(slots=True)
class Clock:
    """Stands still until it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> Any:
        assert self.headers["content-type"] == PROBLEM, self
        said = self.json
        assert said["status"] == self.status
        assert said["type"] == f"/problems/{said['code']}"
        assert len(said["trace_id"]) == 32
        return said


type Message = dict[str, Any]


@dataclass(slots=True)
class Caller:
    """Calls an ASGI application as a server would, without a socket."""

    app: Any
    headers: dict[str, str] = field(default_factory=lambda: {"host": "127.0.0.1:7420"})
    left: int = 0  # parts of the last body that nobody read

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.call("GET", path, headers=headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return await self.call("POST", path, raw, headers={"content-type": "application/json", **headers})

    async def call(self, method: str, path: str, body: bytes = b"", *, headers: dict[str, str] | None = None) -> Answer:
        sent: list[Message] = []
        parts = [body[n : n + 2**16] for n in range(0, len(body), 2**16)] or [b""]
        waiting = [
            {"type": "http.request", "body": part, "more_body": n < len(parts) - 1} for n, part in enumerate(parts)
        ]

        async def receive() -> Message:
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        try:
            await self.app(self.scope(method, path, headers or {}), receive, send)
        except Exception:
            # What the server would log: the framework raises a fault again after it has answered.
            if not sent:
                raise
        self.left = len(waiting)
        start = sent[0]
        said = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], said, b"".join(message.get("body", b"") for message in sent[1:]))

    def scope(self, method: str, path: str, headers: dict[str, str]) -> Message:
        route, _, query = path.partition("?")
        said = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": route,
            "raw_path": route.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in said.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 7420),
            "state": {},
        }


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    handout = {name: {"url": f"http://127.0.0.1:1/{name}"} for name in SYSTEMS}
    for system, secret in SECRETS.values():
        handout[system][secret] = f"{system}-{secret}-for-tests"
    return Settings(firm=lay_out(tmp_path, handout), data=tmp_path / "data", database_url=database_url)


@pytest.fixture
async def machine(settings: Settings, clock: Clock) -> AsyncGenerator[Machine]:
    async with main.machine(settings, clock=clock) as machine:
        await machine.firms.apply(by="a test")
        yield machine


@pytest.fixture
def doors(machine: Machine, settings: Settings) -> Doors:
    return server.app(machine, settings)


@pytest.fixture
def caller(doors: Doors) -> Caller:
    return Caller(doors)


type Win = Callable[..., Awaitable[str]]


async def insert(sql: Sql, table: str, **columns: Any) -> None:
    """Straight into the table: what is tested here is how it is read."""
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    statement = f"insert into {table} ({', '.join(columns)}) values ({places}) on conflict do nothing"
    await sql.execute(statement, *columns.values())


@pytest.fixture
def win(machine: Machine) -> Win:
    """A deal is won, its process passed once and was held in its finance part: as the machine would have left it."""

    async def won(number: int = 1, *, amount: str = "1000.00", choices: tuple[str, ...] = ()) -> str:
        deal, customer, run = f"opportunity-{number}", "customer-1", f"run-{number}"
        lane, at = f"opportunity-to-project:{deal}", machine.clock() - timedelta(minutes=5)
        money = {"amount": amount, "currency": "EUR"}
        fields = {"id": deal, "name": f"Deal {number}", "customer": customer, "amount": money, "stage": "won"}
        happened, who = {"opportunity": deal}, {"id": customer, "name": "Sample Customer AG"}
        standing = (("gate", "done", None), ("finance", "held", "No tax code"), ("delivery", "done", None))
        parts = [{"name": name, "state": state, "why": why, "owner": "PMO"} for name, state, why in standing]
        about = {"run": run, "lane": lane, "subject": deal, "correlation": deal}
        async with transaction(machine.pool) as sql:
            for id_, kind, said in ((deal, "opportunity", fields), (customer, "customer", who)):
                await insert(sql, "entities", id=id_, kind=kind, version=1, fields=said, unread={}, provenance={},
                             updated_at=at)  # fmt: skip
            for system, kind, key, id_ in (
                ("salesforce", "opportunity", f"006{number:012}AAA", deal),
                ("salesforce", "customer", "001000000000001AAA", customer),
                ("kantata", "project", f"10{number}", f"project-of-{deal}"),
            ):
                await insert(sql, "links", system=system, kind=kind, key=key, entity=id_, sent={}, at=at)
            await insert(sql, "events", id=f"EVENT{number}", type="OpportunityWon", subject=deal, fields=happened,
                         correlation=deal, run=None, at=at)  # fmt: skip
            await insert(
                sql, "runs", id=run, workflow="opportunity-to-project", lane=lane, event_type="OpportunityWon",
                event=happened, subject=deal, state="held", why="No tax code", parts=parts, reads=[deal, customer],
                attempt=0, passes=1, correlation=deal, created_at=at, updated_at=at,
            )  # fmt: skip
            await insert(sql, "lanes", key=lane, fence=1)
            things = [("project", f"project-of-{deal}", f"10{number}", {"name": f"Deal {number}"})]
            things += [("task", f"task-{n}-of-{deal}", f"11{number}{n}", {"title": f"Task {n}"}) for n in range(3)]
            for kind, id_, key, said in things:
                await insert(
                    sql, "effects", key=f"EFFECT-{id_}", run=run, part="delivery", system="kantata", kind=kind,
                    entity=id_, operation="create", rung="C", state="confirmed", fields=said, their_key=key, attempts=1,
                    at=at + timedelta(seconds=1),
                )  # fmt: skip
            await insert(
                sql, "holds", id=f"hold-{number}", **about, part="finance", name="finance",
                kind="question" if choices else "hold", why="No tax code for DE selling to CH", fix="Add the row.",
                owner="Finance operations", amount=Decimal(amount), currency="EUR", choices=list(choices),
                candidates=[], state="open", opened_at=at + timedelta(seconds=2),
            )  # fmt: skip
        return deal

    return won
