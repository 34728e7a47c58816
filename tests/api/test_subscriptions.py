"""Subscriptions over HTTP, with a subscriber on loopback that a worker's outbox really calls."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from throughline import main, server
from throughline.hub.machine import Machine
from throughline.settings import Settings

EVENT = (
    "insert into events (id, type, subject, fields, correlation, at) values ($1, 'ProjectOpened', 's', '{}', 'o', $2)"
)
PATH = "/api/v1/subscriptions"
PUBLIC = "https://reader.example/hook"


@dataclass
class Reader:
    """A subscriber that keeps what it is sent, and answers as it is told to."""

    url: str = ""
    answer: bytes = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list[tuple[dict[str, str], bytes]])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
        self.heard.append((headers, await reader.readexactly(int(headers["content-length"]))))
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def reader() -> AsyncGenerator[Reader]:
    one = Reader()
    listening = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/hook"
    async with listening:
        yield one


@pytest.fixture
async def open_caller(settings: Settings, clock: Any, caller: Any) -> AsyncGenerator[tuple[Machine, Any]]:
    """A machine that may send to loopback, and a caller of its API."""
    allowed = settings.model_copy(update={"private_targets": "127.0.0.0/8"})
    async with main.machine(allowed, clock=clock) as machine:
        caller.app = server.app(machine, allowed)
        yield machine, caller


async def subscribed(caller: Any, url: str = PUBLIC, key: str = "k-1", **more: Any) -> Any:
    return await caller.post(PATH, {"url": url, **more}, idempotency_key=key)


async def told(machine: Machine) -> None:
    outbox = machine.outbox("worker-1")
    await outbox.look()
    await outbox.quiet()


async def test_the_secret_is_shown_once_and_never_again(caller: Any) -> None:
    first = await subscribed(caller)
    again = await subscribed(caller)
    listed = await caller.get(PATH)

    assert first.status == 201
    assert first.json["secret"].startswith("whsec_")
    id_ = first.json["subscription"]["id"]
    assert again.json["subscription"]["id"] == id_
    assert (again.json["secret"], again.headers["idempotent-replayed"]) == (None, "true")
    assert [each["id"] for each in listed.json["data"]] == [id_]
    for answer in (again, listed, await caller.get(f"{PATH}/{id_}")):
        assert b"whsec_" not in answer.body


async def test_of_a_key_pair_only_the_public_half_is_shown(caller: Any) -> None:
    made = (await subscribed(caller, signing="v1a")).json

    assert made["secret"] is None
    assert made["subscription"]["public_key"].startswith("whpk_")


async def test_it_really_arrives_and_is_told_of(open_caller: Any, reader: Reader, clock: Any) -> None:
    machine, caller = open_caller
    made = (await subscribed(caller, reader.url)).json
    await machine.pool.execute(EVENT, "E1", clock())

    await told(machine)

    ((headers, body),) = reader.heard
    assert headers["webhook-signature"] == Webhook(made["secret"]).sign("E1", clock(), body.decode())
    (delivery,) = (await caller.get(f"{PATH}/{made['subscription']['id']}/deliveries")).json["data"]
    assert (delivery["event"], delivery["state"]) == ("E1", "delivered")
    assert [each["status"] for each in delivery["attempts"]] == [204]


async def test_a_redirect_is_not_followed(open_caller: Any, reader: Reader, clock: Any) -> None:
    machine, caller = open_caller
    reader.answer = b"HTTP/1.1 302 Found\r\nLocation: " + reader.url.encode() + b"\r\nContent-Length: 0\r\n\r\n"
    await subscribed(caller, reader.url)
    await machine.pool.execute(EVENT, "E1", clock())

    await told(machine)

    assert len(reader.heard) == 1
    assert "redirect" in (await caller.get(PATH)).json["data"][0]["why"]


async def test_our_own_network_is_not_reached_through_a_name(caller: Any, reader: Reader) -> None:
    made = (await subscribed(caller, reader.url.replace("http://127.0.0.1", "https://localhost"))).json

    answered = (await caller.post(f"{PATH}/{made['subscription']['id']}/test")).json

    assert not answered["arrived"]
    assert "not on the public internet" in answered["why"]
    assert reader.heard == []


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "https://user:word@reader.example/", "nonsense"])
async def test_what_cannot_be_sent_to_is_refused(caller: Any, url: str) -> None:
    assert (await subscribed(caller, url)).problem["code"] == "not_subscribable"


async def test_a_test_says_what_was_answered(open_caller: Any, reader: Reader) -> None:
    _, caller = open_caller
    id_ = (await subscribed(caller, reader.url)).json["subscription"]["id"]
    well = (await caller.post(f"{PATH}/{id_}/test")).json
    reader.answer = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    ill = (await caller.post(f"{PATH}/{id_}/test")).json

    assert (well["arrived"], well["status"]) == (True, 204)
    assert (ill["arrived"], ill["status"]) == (False, 500)


async def test_paused_resumed_rotated_recovered_and_deleted(caller: Any, clock: Any) -> None:
    made = (await subscribed(caller)).json
    path = f"{PATH}/{made['subscription']['id']}"

    assert (await caller.post(f"{path}/pause", idempotency_key="a")).json["state"] == "paused"
    assert (await caller.post(f"{path}/resume", idempotency_key="b")).json["state"] == "active"
    rotated = (await caller.post(f"{path}/rotate", idempotency_key="c")).json
    assert rotated["secret"] not in {None, made["secret"]}
    since = {"since": clock().isoformat()}
    assert (await caller.post(f"{path}/recover", since, idempotency_key="d")).json["again"] == 0
    assert (await caller.call("DELETE", path)).status == 204
    assert (await caller.get(path)).problem["code"] == "not_found"


async def test_a_rotation_asked_for_twice_happens_once(open_caller: Any, reader: Reader, clock: Any) -> None:
    """The second would push the secret out that receivers still know."""
    machine, caller = open_caller
    made = (await subscribed(caller, reader.url)).json
    path = f"{PATH}/{made['subscription']['id']}"
    await caller.post(f"{path}/rotate", idempotency_key="c")
    await caller.post(f"{path}/rotate", idempotency_key="c")
    await machine.pool.execute(EVENT, "E1", clock())

    await told(machine)

    ((headers, body),) = reader.heard
    assert Webhook(made["secret"]).sign("E1", clock(), body.decode()) in headers["webhook-signature"].split()


async def test_one_that_is_away_is_in_health_and_in_the_figures(caller: Any, machine: Machine, clock: Any) -> None:
    id_ = (await subscribed(caller)).json["subscription"]["id"]
    await machine.pool.execute(EVENT, "E1", clock())
    clock.now = clock.now.replace(hour=16)

    figures = (await caller.get("/metrics")).body.decode()
    findings = {each["name"]: each for each in json.loads((await caller.get("/health/ready")).body)["findings"]}

    assert f'throughline_subscription_behind_seconds{{subscription="{id_}"}} 14400.0' in figures
    assert 'throughline_subscriptions{state="active"} 1.0' in figures
    assert not findings["outbox"]["well"]
    assert not findings["outbox"]["needed"]
    assert id_ in findings["outbox"]["why"]
