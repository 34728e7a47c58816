"""The estate as a whole: addresses, credentials, one clock, and what a restart remembers."""

import asyncio
import json
import socket
import sqlite3
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests

from throughline.sandbox.estate import Estate, Plan
from throughline.sandbox.slack import Slack


class Gazette(Slack):
    """A second system, so that there is more than one."""

    name = "gazette"


BOTH = {"slack": Slack, "gazette": Gazette}


async def ask(url: str, body: dict[str, Any] | None = None) -> Any:
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Bearer xoxb-sandbox"}) as http,
        http.request("POST" if body else "GET", url, json=body) as answer,
    ):
        return await answer.json()


async def post_message(estate: Estate) -> Any:
    return await ask(f"{estate.addresses['slack']}/api/chat.postMessage", {"channel": "delivery-uk", "text": "hello"})


def content(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


def mode(path: str) -> int:
    return Path(path).stat().st_mode & 0o777


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def messages(estate: Estate) -> list[str]:
    state = await ask(f"{estate.addresses['slack']}/__sandbox__/state/messages")
    return [message["text"] for message in state.values()]


async def test_every_system_listens_on_a_port_of_its_own(tmp_path: Path) -> None:
    async with Estate(Plan(tmp_path), BOTH) as estate:
        answers = [await ask(f"{estate.addresses[name]}/api/auth.test") for name in BOTH]

    assert [answer["ok"] for answer in answers] == [True, True]
    assert len(set(estate.ports.values())) == 3


async def test_given_ports_are_taken(tmp_path: Path, unused_tcp_port_factory: Any) -> None:
    slack, gateway = unused_tcp_port_factory(), unused_tcp_port_factory()

    async with Estate(Plan(tmp_path, ports={"slack": slack, "gateway": gateway}), BOTH) as estate:
        assert (estate.ports["slack"], estate.ports["gateway"]) == (slack, gateway)


async def test_a_taken_port_closes_what_was_open_already(tmp_path: Path, unused_tcp_port_factory: Any) -> None:
    slack, gateway = unused_tcp_port_factory(), unused_tcp_port_factory()
    with socket.create_server(("127.0.0.1", gateway)):
        with pytest.raises(OSError, match="address already in use"):
            await Estate(Plan(tmp_path, ports={"slack": slack, "gateway": gateway}), BOTH).__aenter__()

        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", slack)


async def test_the_handout_is_written_for_nobody_else_to_read(tmp_path: Path) -> None:
    async with Estate(Plan(tmp_path), BOTH) as estate:
        written = json.loads(content(estate.addresses["handout"]))

        assert mode(estate.addresses["handout"]) == 0o600
        assert written == estate.handout
        assert written["slack"] == {"url": estate.addresses["slack"], **Slack.handout(Slack.__new__(Slack))}
        assert written["gateway"] == estate.addresses["gateway"]
        assert content(written["ca"]).startswith("-----BEGIN CERTIFICATE-----")
        assert "xoxb" not in json.dumps(estate.addresses)


async def test_the_gateway_leads_to_the_systems_of_the_estate(tmp_path: Path) -> None:
    async with Estate(Plan(tmp_path), BOTH) as estate:
        proxies, ca = {"https": estate.addresses["gateway"]}, estate.addresses["ca"]

        answer = await asyncio.to_thread(
            requests.get, "https://slack.com/api/api.test?foo=1", proxies=proxies, verify=ca, timeout=5
        )

    assert answer.json() == {"ok": True, "args": {"foo": "1"}}


async def test_one_clock_serves_all_and_survives_a_restart(tmp_path: Path) -> None:
    async with Estate(Plan(tmp_path), BOTH) as estate:
        driven = {"set": "2031-01-01T00:00:00+00:00", "speed": 0}
        await ask(f"{estate.addresses['slack']}/__sandbox__/clock", driven)
        seen = await ask(f"{estate.addresses['gazette']}/__sandbox__/clock")

    async with Estate(Plan(tmp_path), BOTH) as estate:
        after = await ask(f"{estate.addresses['gazette']}/__sandbox__/clock")

    assert seen == after == {"now": "2031-01-01T00:00:00+00:00", "speed": 0.0}


async def test_a_given_speed_wins_and_is_remembered(tmp_path: Path) -> None:
    async with Estate(Plan(tmp_path, speed=3600), BOTH):
        pass
    async with Estate(Plan(tmp_path), BOTH) as estate:
        remembered = await ask(f"{estate.addresses['slack']}/__sandbox__/clock")
    async with Estate(Plan(tmp_path, speed=0), BOTH) as estate:
        stopped = await ask(f"{estate.addresses['slack']}/__sandbox__/clock")

    assert (remembered["speed"], stopped["speed"]) == (3600, 0)
    assert stopped["now"] > remembered["now"]


async def test_each_system_has_chances_of_its_own_that_repeat_with_the_seed(tmp_path: Path) -> None:
    async def drawn(seed: int) -> dict[str, float]:
        async with Estate(Plan(tmp_path / str(seed), seed=seed), BOTH) as estate:
            return {name: simulator.chance.random() for name, simulator in estate.simulators.items()}

    first, again, other = await drawn(1), await drawn(1), await drawn(2)

    assert first == again
    assert len({*first.values(), *other.values()}) == 4


async def test_records_survive_a_restart_until_a_reset(tmp_path: Path) -> None:
    async with Estate(Plan(tmp_path), BOTH) as estate:
        await post_message(estate)
        await ask(f"{estate.addresses['slack']}/__sandbox__/clock", {"set": "2031-01-01T00:00:00+00:00"})
        authority = content(estate.addresses["ca"])
    async with Estate(Plan(tmp_path), BOTH) as estate:
        kept = await messages(estate)
    async with Estate(Plan(tmp_path, reset=True), BOTH) as estate:
        forgotten = await messages(estate)
        clock = await ask(f"{estate.addresses['slack']}/__sandbox__/clock")

        assert not clock["now"].startswith("2031")
        assert content(estate.addresses["ca"]) == authority, "clients have learned to trust it"

    assert (kept, forgotten) == (["hello"], [])


async def test_a_closed_estate_leaves_whole_shelves(tmp_path: Path) -> None:
    async with Estate(Plan(tmp_path), BOTH) as estate:
        await post_message(estate)

    shelf = sqlite3.connect(tmp_path / "slack.sqlite")
    [(kept,)] = shelf.execute("select count(*) from records where kind = 'messages'").fetchall()
    shelf.close()
    assert kept == 1


async def test_an_estate_in_memory_keeps_nothing(tmp_path: Path) -> None:
    async with Estate(Plan(tmp_path, in_memory=True), BOTH) as estate:
        await post_message(estate)
        await ask(f"{estate.addresses['slack']}/__sandbox__/clock", {"advance": 60})

    assert names(tmp_path) == ["authority", "handout.json"]
