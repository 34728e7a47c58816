"""Unmodified clients reach the simulators by the vendors' own host names."""

import asyncio
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import requests
from aiohttp import web
from aiohttp.test_utils import TestServer

from throughline.sandbox.authority import Authority
from throughline.sandbox.gateway import GOODBYE_SECONDS, HOSTS, Gateway

LARGE = 12 * 2**20


async def tell(request: web.Request) -> web.Response:
    """What arrived, as it arrived."""
    body = await request.read()
    told = {
        "host": request.headers["Host"],
        "proto": request.headers.getall("X-Forwarded-Proto", []),
        "path": request.path_qs,
        "peer": ((request.transport and request.transport.get_extra_info("peername")) or [0, 0])[1],
        "length": len(body),
        "digest": hashlib.sha256(body).hexdigest(),
        "chunked": request.headers.get("Transfer-Encoding") == "chunked",
    }
    return web.json_response(told)


async def send_much(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    for _ in range(LARGE // 2**16):
        await answer.write(b"x" * 2**16)
    return answer


async def cut(request: web.Request) -> web.StreamResponse:
    """Promises more than it says, then drops the connection."""
    answer = web.StreamResponse(headers={"Content-Length": "1000"})
    await answer.prepare(request)
    await answer.write(b"half")
    assert request.transport
    request.transport.abort()
    return answer


@pytest.fixture
async def vendor() -> AsyncIterator[TestServer]:
    app = web.Application(client_max_size=2 * LARGE)
    app.add_routes([web.get("/much", send_much), web.get("/cut", cut), web.route("*", "/{path:.*}", tell)])
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def port(authority: Authority, vendor: TestServer, unused_tcp_port: int) -> AsyncIterator[int]:
    assert vendor.port
    gateway = Gateway(authority, {"salesforce": vendor.port, "slack": vendor.port, "netsuite": unused_tcp_port})
    yield await gateway.start()
    await gateway.stop()


type Ask = Callable[[Callable[[requests.Session], requests.Response]], requests.Response]


def session(port: int, authority: Authority) -> requests.Session:
    """A client that knows nothing of us but a proxy and a certificate authority."""
    client = requests.Session()
    client.trust_env = False
    client.proxies = {"https": f"http://127.0.0.1:{port}"}
    client.verify = str(authority.certificate_path)
    return client


@pytest.fixture
def client(port: int, authority: Authority) -> Iterator[requests.Session]:
    with session(port, authority) as client:
        yield client


async def test_a_vendors_host_reaches_its_simulator(client: requests.Session) -> None:
    answer = await asyncio.to_thread(client.get, "https://login.salesforce.com/services/x?y=1", timeout=5)

    told = answer.json()
    assert (told["host"], told["proto"], told["path"]) == ("login.salesforce.com", ["https"], "/services/x?y=1")


async def test_a_clients_own_word_about_its_protocol_is_replaced(client: requests.Session) -> None:
    claim = {"X-Forwarded-Proto": "http"}

    answer = await asyncio.to_thread(client.get, "https://slack.com/api/api.test", headers=claim, timeout=5)

    assert answer.json()["proto"] == ["https"]


async def test_one_connection_carries_many_requests_of_both_framings(client: requests.Session) -> None:
    def ask() -> list[dict[str, object]]:
        url = "https://halyard.my.salesforce.com/services"
        sized = client.post(url, data=b"sized", timeout=5)
        chunked = client.post(url, data=iter([b"in ", b"", b"pieces" * 20_000]), timeout=5)
        empty = client.get(url, timeout=5)
        return [sized.json(), chunked.json(), empty.json()]

    sized, chunked, empty = await asyncio.to_thread(ask)

    assert [answer["length"] for answer in (sized, chunked, empty)] == [5, 120_003, 0]
    assert [answer["chunked"] for answer in (sized, chunked, empty)] == [False, True, False]
    assert chunked["digest"] == hashlib.sha256(b"in " + b"pieces" * 20_000).hexdigest()
    assert len({answer["peer"] for answer in (sized, chunked, empty)}) == 1


async def test_bodies_of_any_size_go_through_whole(client: requests.Session) -> None:
    body = bytes(range(256)) * (LARGE // 256)

    up = await asyncio.to_thread(client.put, "https://slack.com/upload", data=body, timeout=10)
    down = await asyncio.to_thread(client.get, "https://slack.com/much", timeout=10)

    assert up.json()["digest"] == hashlib.sha256(body).hexdigest()
    assert len(down.content) == LARGE


async def test_a_cut_connection_is_cut_for_the_client_too(client: requests.Session) -> None:
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        await asyncio.to_thread(client.get, "https://slack.com/cut", timeout=5)

    after = await asyncio.to_thread(client.get, "https://slack.com/fine", timeout=5)
    assert after.status_code == 200


@pytest.mark.parametrize("url", ["https://example.com/", "https://slack.com:8443/", "https://api.mavenlink.com/"])
async def test_an_unknown_host_is_refused_with_the_hosts_that_are_known(port: int, url: str) -> None:
    target = url.removeprefix("https://").rstrip("/")
    target = target if ":" in target else f"{target}:443"

    answer = await raw(port, f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n")

    assert answer.startswith(f"HTTP/1.1 502 No simulator plays {target}\r\n")
    assert "*.my.salesforce.com" in answer
    assert "slack.com" in answer
    assert "mavenlink.com," not in answer, "it names only what is running"


async def test_a_client_is_told_which_host_nobody_plays(client: requests.Session) -> None:
    with pytest.raises(requests.exceptions.ProxyError, match=r"No simulator plays example\.com:443"):
        await asyncio.to_thread(client.get, "https://example.com/", timeout=5)


async def test_a_simulator_that_is_down_is_named(port: int) -> None:
    answer = await raw(port, "CONNECT 1.suitetalk.api.netsuite.com:443 HTTP/1.1\r\n\r\n")

    assert answer.startswith("HTTP/1.1 502 netsuite is down\r\n")


async def test_only_connect_is_served(port: int) -> None:
    answer = await raw(port, "GET http://slack.com/ HTTP/1.1\r\nHost: slack.com\r\n\r\n")

    assert answer.startswith("HTTP/1.1 405 ")
    assert "HTTPS_PROXY" in answer


async def test_nonsense_closes_only_its_own_connection(port: int, client: requests.Session) -> None:
    def talk_nonsense() -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            plain.sendall(b"CONNECT slack.com:443 HTTP/1.1\r\n\r\n")
            plain.recv(1000)
            plain.sendall(b"this is not a handshake\r\n\r\n")
            try:
                while plain.recv(1000):
                    pass
            except ConnectionError:
                return b"cut"
            return b"closed"

    assert await asyncio.to_thread(talk_nonsense) in (b"cut", b"closed")
    assert (await asyncio.to_thread(client.get, "https://slack.com/", timeout=5)).status_code == 200


async def test_a_bad_length_ends_the_connection(port: int, authority: Authority) -> None:
    def send() -> bytes:
        context = ssl.create_default_context(cafile=str(authority.certificate_path))
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            plain.sendall(b"CONNECT slack.com:443 HTTP/1.1\r\n\r\n")
            plain.recv(1000)
            with context.wrap_socket(plain, server_hostname="slack.com") as secure:
                secure.sendall(b"POST / HTTP/1.1\r\nHost: slack.com\r\nContent-Length: many\r\n\r\n")
                return secure.recv(1000)

    try:
        answer = await asyncio.to_thread(send)
    except (ssl.SSLError, ConnectionError):
        answer = b""

    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


async def test_stopping_does_not_wait_for_idle_clients(authority: Authority, vendor: TestServer) -> None:
    assert vendor.port
    gateway = Gateway(authority, {"slack": vendor.port})
    with session(await gateway.start(), authority) as client:
        await asyncio.to_thread(client.get, "https://slack.com/", timeout=5)

        async with asyncio.timeout(GOODBYE_SECONDS * 0.9):  # a polite goodbye would take longer
            await gateway.stop()


def test_every_host_of_the_four_vendors_is_known(authority: Authority) -> None:
    gateway = Gateway(authority, dict.fromkeys(HOSTS.values(), 1))

    played = {
        host: gateway.plays(host)
        for host in (
            "login.salesforce.com",
            "Halyard-1.my.salesforce.com",
            "halyard-sb1.suitetalk.api.netsuite.com",
            "halyard-sb1.restlets.api.netsuite.com",
            "app.mavenlink.com",
            "hooks.slack.com",
            "evilslack.com",
            "salesforce.com",
        )
    }

    assert list(played.values()) == [
        *("salesforce", "salesforce", "netsuite", "netsuite", "kantata", "slack"),
        *(None, None),
    ]


async def raw(port: int, sent: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent.encode())
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await writer.wait_closed()
    return answer.decode()
