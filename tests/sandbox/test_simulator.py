"""What every simulator can do badly, and how it is told to: shown with a vendor that only echoes."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.courier import NoticeRefused
from throughline.sandbox.faults import KINDS, Fault
from throughline.sandbox.shelf import Shelf
from throughline.sandbox.simulator import Simulator

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Echo(Simulator):
    """Keeps the things it is sent, and tells a subscriber about each."""

    name = "echo"

    def routes(self) -> Iterable[web.RouteDef]:
        return [web.post("/things", self._keep), web.get("/things", self._all)]

    def seed(self) -> None:
        self.shelf.create("thing", "seeded", {"seeded": True})

    def refuse(self, fault: Fault) -> web.Response:
        statuses = {"throttle": 429, "lock": 423, "maintenance": 503}
        return web.json_response({"refused": fault.kind}, status=statuses.get(fault.kind, fault.status))

    def handout(self) -> dict[str, Any]:
        return {"token": "echo-token"}

    async def greet(self) -> None:
        if await self.courier.post(b'{"hello": true}', {}) == b"go away":
            raise NoticeRefused("it said go away")

    async def _keep(self, request: web.Request) -> web.Response:
        thing = await request.json()
        if thing.get("n") == "unwanted":
            raise web.HTTPUnprocessableEntity
        id_ = str(self.shelf.next("thing"))
        self.shelf.create("thing", id_, thing)
        self.courier.notify({"created": id_})
        return web.json_response({"id": id_}, status=201, headers={"Location": f"/things/{id_}"})

    async def _all(self, _request: web.Request) -> web.Response:
        return web.json_response(self.shelf.all("thing"))


class Client:
    def __init__(self, server: TestServer, http: aiohttp.ClientSession, echo: Echo) -> None:
        self.server, self.http, self.echo = server, http, echo

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with self.http.request(method, self.server.make_url(path), json=body) as answer:
            return answer.status, await answer.json()

    async def keep(self) -> tuple[int, Any]:
        return await self.ask("POST", "/things", {"n": 1})

    async def kept(self) -> int:
        _, counters = await self.ask("GET", "/__sandbox__/counters")
        return counters.get("thing", {}).get("created", 0)

    async def turn_on(self, **fault: Any) -> None:
        status, answer = await self.ask("POST", "/__sandbox__/faults", fault)
        assert status == 201, answer


def make_echo(path: Path | None = None) -> Echo:
    chance = random.Random(1)
    return Echo(clock=SandboxClock(START), shelf=Shelf(path), chance=chance)


async def opened(echo: Echo) -> tuple[TestServer, Client]:
    server = TestServer(echo.app())
    await server.start_server()
    http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
    return server, Client(server, http, echo)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    server, client = await opened(make_echo())
    yield client
    await client.http.close()
    await server.close()


# Bad days


@pytest.mark.parametrize(
    ("kind", "status", "effects"),
    [
        ("throttle", 429, 0),
        ("error", 502, 0),
        ("lock", 423, 0),
        ("maintenance", 503, 0),
        ("error_after", 502, 1),
        ("slow", 201, 1),
        ("drip", 201, 1),
    ],
)
async def test_a_fault_that_answers(client: Client, kind: str, status: int, effects: int) -> None:
    await client.turn_on(kind=kind, status=502, seconds=0.05)

    answered, _ = await client.keep()

    assert (answered, await client.kept()) == (status, effects)
    assert (await client.keep())[0] == 201, "one fault strikes once"


@pytest.mark.parametrize(
    ("kind", "effects"),
    [("reset_before", 0), ("reset_after", 1), ("hang_before", 0), ("hang_after", 1), ("garbage", 1)],
)
async def test_a_fault_that_leaves_the_client_in_the_dark(client: Client, kind: str, effects: int) -> None:
    await client.turn_on(kind=kind, seconds=0.05)

    with pytest.raises(aiohttp.ClientError):
        await client.keep()

    assert await client.kept() == effects
    assert (await client.keep())[0] == 201, "one fault strikes once"


async def test_a_late_effect_happens_after_the_client_gave_up(client: Client) -> None:
    await client.turn_on(kind="late", seconds=0.1)

    with pytest.raises(aiohttp.ClientError):
        await client.keep()
    at_once = await client.kept()
    await asyncio.gather(*client.echo.late)

    assert (at_once, await client.kept()) == (0, 1)


async def test_a_hang_holds_the_answer_for_as_long_as_told(client: Client) -> None:
    await client.turn_on(kind="hang_before", seconds=0.2)
    since = time.monotonic()

    with pytest.raises(aiohttp.ClientError):
        await client.keep()

    assert time.monotonic() - since >= 0.2


async def test_a_dripped_answer_is_whole_and_keeps_its_headers(client: Client) -> None:
    await client.turn_on(kind="drip", seconds=0.1)
    url, since = client.server.make_url("/things"), time.monotonic()

    async with client.http.post(url, json={"n": 1}) as answer:
        body = await answer.json()

    assert (body, answer.headers["Location"]) == ({"id": "1"}, "/things/1")
    assert time.monotonic() - since >= 0.1


def test_every_kind_of_fault_is_tested_here_or_with_the_courier() -> None:
    answered = {"throttle", "error", "lock", "maintenance", "error_after", "slow", "drip"}
    dark = {"reset_before", "reset_after", "hang_before", "hang_after", "garbage", "late"}
    hooks = {"hook_duplicate", "hook_reorder", "hook_drop"}

    assert answered | dark | hooks == set(KINDS)


# The control interface


async def test_the_control_interface_is_never_struck(client: Client) -> None:
    await client.turn_on(kind="error", times=None)

    listed = await client.ask("GET", "/__sandbox__/faults")
    cleared = await client.ask("DELETE", "/__sandbox__/faults")

    assert [fault["kind"] for fault in listed[1]] == ["error"]
    assert cleared == (200, [])
    assert (await client.keep())[0] == 201


async def test_a_wrong_fault_is_refused_with_the_reason(client: Client) -> None:
    status, answer = await client.ask("POST", "/__sandbox__/faults", {"kind": "explode"})

    assert status == 422
    assert "throttle" in answer["error"]


async def test_calls_are_logged_with_their_fault_and_status(client: Client) -> None:
    await client.turn_on(kind="throttle")
    await client.keep()
    await client.keep()
    async with client.http.post(client.server.make_url("/things"), json={"n": "unwanted"}):
        pass

    _, calls = await client.ask("GET", "/__sandbox__/calls")

    assert [(call["method"], call["path"], call.get("fault"), call["status"]) for call in calls] == [
        ("POST", "/things", "throttle", 429),
        ("POST", "/things", None, 201),
        ("POST", "/things", None, 422),
    ]


async def test_the_state_can_be_read_and_reset(client: Client) -> None:
    await client.keep()
    await client.turn_on(kind="throttle", times=None)
    before = await client.ask("GET", "/__sandbox__/state/thing")

    await client.ask("POST", "/__sandbox__/reset")

    assert before[1] == {"seeded": {"seeded": True}, "1": {"n": 1}}
    assert await client.ask("GET", "/__sandbox__/state") == (200, {"thing": {"seeded": {"seeded": True}}})
    assert await client.kept() == 0
    assert await client.ask("POST", "/things", {"n": 2}) == (201, {"id": "1"})


async def test_the_clock_is_driven_over_the_wire(client: Client) -> None:
    await client.ask("POST", "/__sandbox__/clock", {"set": "2026-04-01T00:00:00+00:00", "speed": 0})
    status, shown = await client.ask("POST", "/__sandbox__/clock", {"advance": 90})

    assert (status, shown) == (200, {"now": "2026-04-01T00:01:30+00:00", "speed": 0.0})
    assert client.echo.clock.now() == datetime(2026, 4, 1, 0, 1, 30, tzinfo=UTC)


async def test_maintenance_ends_by_the_estates_clock(client: Client) -> None:
    await client.ask("POST", "/__sandbox__/maintenance", {"until": (START + timedelta(hours=2)).isoformat()})

    during = await client.keep()
    client.echo.clock.advance(2 * 3600)
    after = await client.keep()

    assert during == (503, {"refused": "maintenance"})
    assert after[0] == 201


@pytest.mark.parametrize(
    ("path", "body"),
    [("clock", {"set": "tomorrow"}), ("clock", {"advance": "far"}), ("maintenance", {"until": "later"})],
)
async def test_a_time_that_cannot_be_read_is_refused(client: Client, path: str, body: dict[str, Any]) -> None:
    status, answer = await client.ask("POST", f"/__sandbox__/{path}", body)

    assert status == 422
    assert str(next(iter(body.values()))) in answer["error"]


async def test_maintenance_until_a_time_without_zone_is_utc(client: Client) -> None:
    await client.ask("POST", "/__sandbox__/maintenance", {"until": "2026-03-02T09:30:00"})

    during = await client.keep()
    client.echo.clock.advance(1801)

    assert during[0] == 503
    assert (await client.keep())[0] == 201


async def test_maintenance_can_be_ended_at_once(client: Client) -> None:
    await client.ask("POST", "/__sandbox__/maintenance", {"until": (START + timedelta(hours=2)).isoformat()})

    await client.ask("POST", "/__sandbox__/maintenance", {"until": None})

    assert (await client.keep())[0] == 201


async def test_records_and_counters_survive_a_restart_and_the_seed_is_not_repeated(tmp_path: Path) -> None:
    server, client = await opened(make_echo(tmp_path / "echo.sqlite"))
    await client.keep()
    await client.http.close()
    await server.close()

    server, client = await opened(make_echo(tmp_path / "echo.sqlite"))
    state, counted = await client.ask("GET", "/things"), await client.kept()
    await client.http.close()
    await server.close()

    assert state[1] == {"seeded": {"seeded": True}, "1": {"n": 1}}
    assert counted == 1


# Hooks


@pytest.fixture
async def hub() -> AsyncIterator[tuple[str, list[Any]]]:
    heard: list[Any] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append(json.loads(await request.read()))
        return web.Response(text="go away" if request.path == "/rude" else "")

    app = web.Application()
    app.add_routes([web.post("/hook", hear), web.post("/rude", hear)])
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("")), heard
    await server.close()


async def quiet(client: Client) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while True:
            _, hook = await client.ask("GET", "/__sandbox__/hook")
            if not hook["waiting"]:
                return hook


async def test_a_subscriber_is_greeted_then_told(client: Client, hub: tuple[str, list[Any]]) -> None:
    url, heard = f"{hub[0]}/hook", hub[1]

    subscribed = await client.ask("POST", "/__sandbox__/hook", {"url": url})
    await client.keep()

    assert subscribed == (200, {"url": url})
    assert await quiet(client) == {"url": url, "waiting": 0, "delivered": 1, "dropped": 0, "given_up": 0}
    assert heard == [{"hello": True}, {"created": "1"}]


async def test_a_subscriber_that_fails_the_greeting_is_not_taken(client: Client, hub: tuple[str, list[Any]]) -> None:
    status, answer = await client.ask("POST", "/__sandbox__/hook", {"url": f"{hub[0]}/rude"})

    assert (status, answer) == (422, {"error": "the hook did not pass the greeting: it said go away"})
    assert client.echo.courier.url is None


async def test_a_null_unsubscribes(client: Client, hub: tuple[str, list[Any]]) -> None:
    await client.ask("POST", "/__sandbox__/hook", {"url": f"{hub[0]}/hook"})

    await client.ask("POST", "/__sandbox__/hook", {"url": None})
    await client.keep()

    assert (await quiet(client))["delivered"] == 0


async def test_a_subscription_survives_reset_and_restart(tmp_path: Path, hub: tuple[str, list[Any]]) -> None:
    server, client = await opened(make_echo(tmp_path / "echo.sqlite"))
    await client.ask("POST", "/__sandbox__/hook", {"url": f"{hub[0]}/hook"})
    await client.ask("POST", "/__sandbox__/reset")
    await client.http.close()
    await server.close()

    server, client = await opened(make_echo(tmp_path / "echo.sqlite"))
    await client.keep()
    hook = await quiet(client)
    await client.http.close()
    await server.close()

    assert hook["delivered"] == 1


async def test_a_late_effect_still_sends_its_notice(client: Client, hub: tuple[str, list[Any]]) -> None:
    await client.ask("POST", "/__sandbox__/hook", {"url": f"{hub[0]}/hook"})
    await client.turn_on(kind="late", seconds=0.01)

    with pytest.raises(aiohttp.ClientError):
        await client.keep()
    await asyncio.gather(*client.echo.late)
    await quiet(client)

    assert hub[1][1:] == [{"created": "1"}]
