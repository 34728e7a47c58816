"""The real transport against a server that behaves badly in one way at a time."""

import asyncio
import gzip
import socket
import tracemalloc
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from throughline.hub.wire import AiohttpTransport, Lost, NotSent, Request

type Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncGenerator[str]:
    """A server that reads one request's head and then does as it likes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await behaviour(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/thing"


async def asked(behaviour: Behaviour, method: str = "GET", **limits: float) -> object:
    async with serving(behaviour) as url, transport(**limits) as opened:
        return await opened.exchange(Request(method, url, {"Accept": "*/*"}, b"{}" if method == "POST" else b""))


def transport(**limits: float) -> AiohttpTransport:
    return AiohttpTransport(
        deadline_seconds=limits.get("deadline", 5), largest_answer=int(limits.get("largest", 2**20))
    )


def answering(text: bytes) -> Behaviour:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return answer


async def test_an_answer_comes_back_with_small_header_names() -> None:
    raw = await asked(answering(b"HTTP/1.1 200 OK\r\nX-Thing: a\r\nContent-Length: 2\r\n\r\nhi"))

    assert vars_of(raw) == (200, "a", b"hi")


async def test_an_answer_that_drips_ends_at_the_total_deadline() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.005)

    began = asyncio.get_running_loop().time()

    with pytest.raises(Lost, match=r"no whole answer within 0\.2 s"):
        await asked(drip, deadline=0.2)

    assert asyncio.get_running_loop().time() - began < 2


async def test_a_server_that_never_answers_is_not_waited_for() -> None:
    async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    with pytest.raises(Lost, match="no whole answer within"):
        await asked(silence, deadline=0.1)


async def test_the_cap_counts_bytes_as_they_are_after_decompression() -> None:
    bomb = gzip.compress(bytes(200 * 2**20), compresslevel=9)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    tracemalloc.start()

    with pytest.raises(Lost, match="larger than 1 MiB"):
        await asked(answering(head.encode() + bomb))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80 * 2**20


async def test_a_compressed_answer_below_the_cap_is_read() -> None:
    body = gzip.compress(b"x" * 1000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"

    raw = await asked(answering(head.encode() + body))

    assert vars_of(raw)[2] == b"x" * 1000


async def test_a_refused_connection_was_not_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async with transport() as opened:
        with pytest.raises(NotSent):
            await opened.exchange(Request("POST", f"http://127.0.0.1:{port}/", {}, b"{}"))


async def test_a_name_that_does_not_resolve_was_not_sent() -> None:
    async with transport() as opened:
        with pytest.raises(NotSent):
            await opened.exchange(Request("POST", "http://nobody.invalid/", {}, b"{}"))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="half a head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", id="half a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", id="half a chunk"),
        pytest.param(b"SSH-2.0-OpenSSH_9.9\r\n", id="another protocol"),
        pytest.param(b"\x00\xff\x13\x37" * 40 + b"\r\n\r\n", id="garbage"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhello", id="a length that is no number"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70000 + b"\r\n\r\n", id="a head without end"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", id="not what it says"
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_whatever_breaks_after_the_connection_was_up_is_lost(text: bytes, method: str) -> None:
    with pytest.raises(Lost):
        await asked(answering(text), method)


async def test_a_connection_reset_while_reading_is_lost() -> None:
    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhe")
        await writer.drain()
        writer.transport.abort()

    with pytest.raises(Lost):
        await asked(reset, "POST")


async def test_a_connection_reset_before_a_byte_came_back_is_lost() -> None:
    """They may have done it all the same: refused and done-but-reset look alike from here."""

    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    with pytest.raises(Lost):
        await asked(reset, "POST")


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    raw = await asked(answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"))

    assert vars_of(raw)[0] == 302


async def test_cookies_are_not_carried_to_the_next_exchange() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, transport() as opened:
        # By name: a client takes no cookie from a bare address anyway.
        url = f"http://localhost:{server.sockets[0].getsockname()[1]}/"
        for _ in range(2):
            await opened.exchange(Request("GET", url, {}))

    assert len(heads) == 2
    assert b"sid=1" not in heads[1]


async def test_a_broken_deflate_stream_is_lost() -> None:
    body = zlib.compress(b"x" * 10000)[:-8] + b"wrongend"
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: {len(body)}\r\n\r\n"

    with pytest.raises(Lost):
        await asked(answering(head.encode() + body))


async def test_a_transport_that_is_not_open_says_so() -> None:
    with pytest.raises(RuntimeError, match="use it as a context manager"):
        await transport().exchange(Request("GET", "http://127.0.0.1/", {}))


def vars_of(raw: object) -> tuple[int, str | None, bytes]:
    return raw.status, raw.headers.get("x-thing"), raw.body  # type: ignore[attr-defined] # a Raw, or the test fails
