"""A small pretend system that offers each rung honestly, over real HTTP, and can be told to offer less.

Contracts are upserted by our id (A), invoices remember an idempotency key (B), projects carry a mark that can be
searched (C), plans can be searched by name (D), and messages are posted and forgotten (E).
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from aiohttp import web

from throughline.core.connector import (
    Absent,
    Answer,
    Connector,
    Credentials,
    Expired,
    Fine,
    Http,
    Refused,
    Sent,
    Throttled,
    Token,
    Unwell,
    Verdict,
    Where,
)
from throughline.core.entities import BillingPlan, Contract, Invoice, Message, Project
from throughline.core.forms import Record
from throughline.core.mapping import Mapping, Row, Rung

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
NAMED = (Row("name", "name"), Row("currency", "currency"))

CONTRACT = Mapping(Contract, "contracts", "id", NAMED, id_field="ours", rung=Rung.UPSERT)
INVOICE = Mapping(
    Invoice, "invoices", "id", (Row("number", "name"), Row("currency", "currency")),
    rung=Rung.IDEMPOTENCY_KEY, key_window_seconds=86_400,
)  # fmt: skip
PROJECT = Mapping(
    Project, "projects", "id", NAMED, id_field="mark", rung=Rung.MARKER, settle_seconds=90, late_seconds=20,
    lag_seconds=30,
)  # fmt: skip
PLAN = Mapping(
    BillingPlan, "plans", "id", NAMED, rung=Rung.NATURAL_KEY, natural_key=("name",), settle_seconds=90,
    late_seconds=20, lag_seconds=30,
)  # fmt: skip
MESSAGE = Mapping(Message, "messages", "id", (Row("channel", "channel"), Row("text", "name")), rung=Rung.NOTHING)


@dataclass
class Vendor:
    """What it holds, by resource, and how much less than it says it does."""

    now: datetime = MONDAY
    lag_seconds: float = 30
    upserts: bool = True
    upserts_at_once: bool = True
    minds_keys: bool = True
    searches: bool = True
    shows_all: bool = True
    rounds: bool = False
    done: list[tuple[str, Record]] = field(default_factory=list[tuple[str, Record]])
    keys: dict[str, tuple[Any, str]] = field(default_factory=dict[str, tuple[Any, str]])
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def held(self, resource: str, **like: str) -> list[Record]:
        return [
            record
            for of, record in self.done
            if of == resource and all(record.get(name) == value for name, value in like.items())
        ]

    async def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[str]:
        app = web.Application()
        app.add_routes([
            web.put("/{resource}/ours/{ours}", self._upsert),
            web.post("/{resource}", self._create),
            web.get("/{resource}", self._search),
        ])  # fmt: skip
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        await runner.cleanup()

    async def _upsert(self, request: web.Request) -> web.Response:
        resource, ours, body = request.match_info["resource"], request.match_info["ours"], await request.json()
        there = self.held(resource, ours=ours) if self.upserts else []
        if not self.upserts_at_once:
            await asyncio.sleep(0.05)  # the other request looks in this moment, too
        if there:
            there[0].update(body)
        return self._said(there[0] if there else self._enter(resource, {**body, "ours": ours}))

    async def _create(self, request: web.Request) -> web.Response:
        resource, body, key = request.match_info["resource"], await request.json(), request.headers.get("Idempotency")
        if key and self.minds_keys:
            if key in self.keys and self.keys[key][0] != body:
                return web.json_response({"why": "the key was used with another body"}, status=422)
            if key not in self.keys:
                self.keys[key] = (body, self._enter(resource, body)["id"])
            return self._said({"id": self.keys[key][1]})
        return self._said(self._enter(resource, body))

    async def _search(self, request: web.Request) -> web.Response:
        found = [
            {name: value for name, value in record.items() if name != "at"}
            for record in self.held(request.match_info["resource"], **request.query)
            if record["at"] + timedelta(seconds=self.lag_seconds) <= self.now and self.searches
        ]
        if self.rounds:
            found = [{**record, "currency": "USD"} for record in found]
        return web.json_response({"items": found if self.shows_all else found[:1]})

    def _enter(self, resource: str, body: Record) -> Record:
        record = {**body, "id": f"V{next(self._numbers)}", "at": self.now}
        self.done.append((resource, record))
        return record

    def _said(self, record: Record) -> web.Response:
        return web.json_response({"id": record["id"]}, status=201)


def ask(credentials: Credentials, _now: datetime) -> Token:
    return Token({"Authorization": f"Bearer {credentials.secret('token')}"})


def judge(answer: Answer) -> Verdict:
    why = f"status {answer.status}: {answer.text[:100]}"
    if answer.status < 300:
        return Fine()
    if answer.status >= 500:
        return Unwell(why)
    return {401: Expired(why), 404: Absent(why), 429: Throttled()}.get(answer.status, Refused(why))


async def find(http: Http, mapping: Mapping, where: Where) -> list[Record]:
    params = {"mark": where.marker} if where.marker else {"name": str(where.fields.get("name"))}
    return (await http.call("GET", f"/{mapping.resource}", params=params)).body["items"]


async def put(http: Http, mapping: Mapping, sent: Sent) -> str:
    path, record, headers = f"/{mapping.resource}", sent.record, {}
    match mapping.rung:
        case Rung.UPSERT:
            return (await http.call("PUT", f"{path}/ours/{sent.id}", json=record)).body["id"]
        case Rung.IDEMPOTENCY_KEY:
            headers = {"Idempotency": sent.idempotency_key or ""}
        case Rung.MARKER:
            record = {**record, "mark": sent.marker}
        case _:
            pass
    return (await http.call("POST", path, json=record, headers=headers)).body["id"]


CONNECTOR = Connector(
    name="pretend",
    mappings=(CONTRACT, INVOICE, PROJECT, PLAN, MESSAGE),
    judge=judge,
    ask=ask,
    find=find,
    put=put,
)
