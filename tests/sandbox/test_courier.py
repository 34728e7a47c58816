"""Notices on their way to a subscriber that can be told to misbehave."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from throughline.sandbox.courier import TRIES, Courier, NoticeRefused
from throughline.sandbox.faults import Faults


@dataclass
class Subscriber:
    """Answers with the statuses it is given, then with 200, and remembers what it was sent."""

    statuses: list[int] = field(default_factory=list[int])
    heard: list[int] = field(default_factory=list[int])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append(json.loads(await request.read())["n"])
        self.headers.append(dict(request.headers))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


@dataclass
class Route:
    courier: Courier
    subscriber: Subscriber
    faults: Faults

    async def deliver(self, *numbers: int, still_open: int = 0) -> list[int]:
        for n in numbers:
            self.courier.notify({"n": n})
        async with asyncio.timeout(5):
            while self.courier.waiting > still_open:
                await asyncio.sleep(0.001)
        return self.subscriber.heard


@pytest.fixture
async def route() -> AsyncIterator[Route]:
    faults, subscriber = Faults(random.Random(1)), Subscriber()
    app = web.Application()
    app.router.add_post("/hook", subscriber.hear)
    server = TestServer(app)
    await server.start_server()

    def sign(body: bytes) -> dict[str, str]:
        return {"X-Length": str(len(body))}

    def again(attempt: int, why: str) -> dict[str, str]:
        return {"X-Again": f"{attempt} {why}"}

    courier = Courier(faults, sign, again)
    courier.pause_seconds = 0.001
    courier.url = str(server.make_url("/hook"))
    await courier.start()
    yield Route(courier, subscriber, faults)
    await courier.stop()
    await server.close()


async def test_notices_arrive_signed_and_in_order(route: Route) -> None:
    heard = await route.deliver(1, 2, 3)

    assert heard == [1, 2, 3]
    assert route.subscriber.headers[0]["X-Length"] == "8"
    assert "X-Again" not in route.subscriber.headers[0]
    assert route.courier.delivered == 3


async def test_a_duplicate_arrives_twice(route: Route) -> None:
    route.faults.add({"kind": "hook_duplicate"})

    assert await route.deliver(1, 2) == [1, 1, 2]


async def test_a_reordered_notice_arrives_after_the_next_one(route: Route) -> None:
    route.faults.add({"kind": "hook_reorder"})

    assert await route.deliver(1, 2, 3) == [2, 1, 3]


async def test_a_held_back_notice_waits_while_nothing_follows(route: Route) -> None:
    route.faults.add({"kind": "hook_reorder"})

    assert await route.deliver(1, still_open=1) == []
    assert await route.deliver(2) == [2, 1]


async def test_a_dropped_notice_is_lost(route: Route) -> None:
    route.faults.add({"kind": "hook_drop"})

    assert await route.deliver(1, 2) == [2]
    assert (route.courier.delivered, route.courier.dropped) == (1, 1)


@pytest.mark.parametrize("status", [500, 401, 302])
async def test_anything_but_a_2xx_is_tried_again_and_marked(route: Route, status: int) -> None:
    route.subscriber.statuses = [status]

    assert await route.deliver(1) == [1, 1]
    assert route.subscriber.headers[1]["X-Again"] == "1 http_error"
    assert (route.courier.delivered, route.courier.given_up) == (1, 0)


async def test_a_notice_nobody_takes_is_given_up_and_the_next_one_goes(route: Route) -> None:
    route.subscriber.statuses = [503] * TRIES

    assert await route.deliver(1, 2) == [1] * TRIES + [2]
    assert (route.courier.delivered, route.courier.given_up) == (1, 1)


async def test_a_subscriber_that_is_away_is_tried_again(route: Route, unused_tcp_port: int) -> None:
    route.courier.url = f"http://127.0.0.1:{unused_tcp_port}/hook"

    assert await route.deliver(1) == []
    assert route.courier.given_up == 1


async def test_without_a_subscriber_nothing_is_kept_for_later(route: Route) -> None:
    route.courier.url = None

    assert await route.deliver(1) == []
    assert route.courier.taken == 0
    with pytest.raises(NoticeRefused, match="nobody is subscribed"):
        await route.courier.post(b"{}", {})
