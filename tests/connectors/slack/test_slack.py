"""What is peculiar to Slack, over real HTTP to its simulator."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from throughline.connectors.slack import api
from throughline.core.entities import Message, MessageId
from throughline.core.errors import Hold, Retry, Unknown

pytestmark = pytest.mark.asyncio(loop_scope="module")


def message(text: str = "Payments platform is won", channel: str = "#delivery-uk", number: int = 1) -> Message:
    return Message(id=MessageId(f"message-{number}"), channel=channel, text=text)


def texts(chat: Any) -> list[str]:
    return [each["text"] for each in chat.kept("messages").values()]


async def test_a_message_is_posted_and_its_key_says_where_and_when(chat: Any) -> None:
    key = await chat.put(message())

    channel, _, ts = key.partition(":")
    (kept,) = chat.kept("messages").values()
    assert (channel, ts) == (kept["channel"], kept["ts"])
    assert channel == "C0HALYARD02", "the id, though it was named by name"


async def test_messages_of_one_moment_in_several_channels_have_keys_of_their_own(chat: Any) -> None:
    wanted = [message(f"Hello {n}", f"#delivery-{place}", n) for n, place in enumerate(("us", "uk", "de"))]

    keys = await asyncio.gather(*(chat.put(each) for each in wanted))
    await chat.put(message("Corrected", "#delivery-uk"), key=keys[1], only=("text",))

    assert len(set(keys)) == 3
    assert sorted(texts(chat)) == ["Corrected", "Hello 0", "Hello 2"]


@pytest.mark.parametrize(
    ("channel", "text", "why"),
    [
        ("#no-such-channel", "x", "slack refused: channel_not_found"),
        ("#delivery-uk", "", "slack refused: no_text"),
        ("#delivery-uk", "x" * 40_001, "slack refused: msg_too_long"),
    ],
)
async def test_a_refusal_with_status_200_is_a_hold(chat: Any, channel: str, text: str, why: str) -> None:
    with pytest.raises(Hold, match=why):
        await chat.put(message(text, channel))

    assert texts(chat) == []


async def test_a_token_slack_does_not_know_is_a_hold_about_credentials(chat: Any) -> None:
    chat.line.credentials.secrets["token"] = "xoxb-stale"

    with pytest.raises(Hold, match="does not accept our credentials: invalid_auth"):
        await chat.put(message())


async def test_too_many_messages_are_throttled_for_as_long_as_slack_says(chat: Any) -> None:
    await chat.control("limits", {"messages_per_second": 0.05, "burst": 1})
    await chat.put(message())

    with pytest.raises(Retry, match="too fast") as raised:
        await chat.put(message(number=2))

    assert raised.value.after
    assert timedelta(seconds=15) <= raised.value.after <= timedelta(seconds=20)


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("throttle", Retry),
        ("lock", Unknown),
        ("error", Unknown),
        ("maintenance", Unknown),
        ("reset_before", Unknown),
        ("reset_after", Unknown),
        ("hang_after", Unknown),
        ("garbage", Unknown),
    ],
)
async def test_a_bad_day_while_posting(chat: Any, kind: str, meant: type[Retry]) -> None:
    await chat.fault(kind, path="chat.postMessage", seconds=1.5)

    with pytest.raises(Retry) as raised:
        await chat.put(message())

    assert type(raised.value) is meant


# What Slack tells us


@asynccontextmanager
async def door(chat: Any, heard: list[Any]) -> AsyncGenerator[str]:
    """Our side of the hook: checks, understands and answers as intake does."""

    async def take(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        if not api.signed(chat.line.credentials, headers, body, datetime.now(UTC)):
            return web.Response(status=401)
        heard.append(body)
        return web.Response(text=api.receive(headers, body).reply or "")

    app = web.Application()
    app.router.add_post("/hooks/slack", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/slack"
    await runner.cleanup()


async def test_slack_believes_in_a_door_that_returns_its_challenge(chat: Any) -> None:
    heard: list[Any] = []

    async with door(chat, heard) as url:
        await chat.control("hook", {"url": url})

    assert json.loads(heard[0])["type"] == "url_verification"


async def test_a_door_with_another_secret_is_not_believed(chat: Any) -> None:
    chat.line.credentials.secrets["hook"] = "another secret"

    async with door(chat, []) as url:
        await chat.control("hook", {"url": url}, status=422)


async def test_a_delivery_older_than_five_minutes_is_refused(chat: Any) -> None:
    headers = {name.lower(): value for name, value in chat.simulator.sign(b"{}").items()}
    at = datetime.fromtimestamp(int(headers["x-slack-request-timestamp"]), UTC)

    assert api.signed(chat.line.credentials, headers, b"{}", at + timedelta(minutes=5))
    assert not api.signed(chat.line.credentials, headers, b"{}", at + timedelta(minutes=5, seconds=1))
