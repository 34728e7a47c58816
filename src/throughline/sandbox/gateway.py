"""The egress gateway: an HTTPS proxy that brings unmodified clients to the simulators by the vendors' own names."""

import asyncio
import contextlib
from collections.abc import Mapping
from fnmatch import fnmatchcase

from throughline.sandbox.authority import Authority

HOSTS = {
    "login.salesforce.com": "salesforce",
    "test.salesforce.com": "salesforce",
    "*.my.salesforce.com": "salesforce",
    "*.suitetalk.api.netsuite.com": "netsuite",
    "*.restlets.api.netsuite.com": "netsuite",
    "api.mavenlink.com": "kantata",
    "app.mavenlink.com": "kantata",
    "slack.com": "slack",
    "hooks.slack.com": "slack",
    "*.workday.com": "workday",
}
LONGEST_HEAD, PIECE = 2**18, 2**16
# Many clients never answer the end of a TLS conversation.
GOODBYE_SECONDS = 1.0


class _GoneError(Exception):
    """The other side closed between two messages: nothing is wrong."""


class Gateway:
    """Terminates TLS for each host it knows and passes the bytes on, errors and cut connections included."""

    def __init__(
        self,
        authority: Authority,
        ports: Mapping[str, int],
        *,
        hosts: Mapping[str, str] = HOSTS,
        address: str = "127.0.0.1",
    ) -> None:
        self._authority, self._ports, self._hosts, self._address = authority, ports, hosts, address
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> int:
        self._server = await asyncio.start_server(self._serve, self._address, port, limit=LONGEST_HEAD)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        if self._server:
            await self._server.wait_closed()

    def plays(self, host: str) -> str | None:
        """The system that plays this host, if one is running."""
        for pattern, system in self._hosts.items():
            if fnmatchcase(host.lower().rstrip("."), pattern):
                return system if system in self._ports else None
        return None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        try:
            await self._connect(reader, writer)
        except (_GoneError, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            # The client sees exactly this from a vendor: a connection that ends.
            writer.transport.abort()
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            writer.close()
            with contextlib.suppress(OSError):  # an SSLError is one too
                await writer.wait_closed()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await _head(reader)
        method, target, *_ = [*head[0].split(" "), "", ""]
        host, _, port = target.rpartition(":")
        if method != "CONNECT":
            return await _refuse(writer, "405 Only CONNECT is served here", "Set HTTPS_PROXY, not HTTP_PROXY.")
        system = self.plays(host)
        if system is None or port != "443":
            known = ", ".join(pattern for pattern, plays in self._hosts.items() if plays in self._ports)
            why = f"No simulator plays {target}"
            return await _refuse(writer, f"502 {why}", f"{why}. The gateway knows port 443 of: {known}.")
        try:
            there, onward = await asyncio.open_connection(self._address, self._ports[system], limit=LONGEST_HEAD)
        except OSError as error:
            return await _refuse(writer, f"502 {system} is down", f"{system}, which plays {host}, is down: {error}.")
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.start_tls(self._authority.context_for(host), ssl_shutdown_timeout=GOODBYE_SECONDS)
            await self._converse((reader, writer), (there, onward))
        finally:
            onward.transport.abort()
        return None

    async def _converse(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        vendor: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Requests go one way, marked; answers come the other way, untouched. The first to end ends both."""
        ways = [
            asyncio.create_task(_pass_requests(client[0], vendor[1])),
            asyncio.create_task(_pass_bytes(vendor[0], client[1])),
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        for way in done:
            way.result()


async def _pass_requests(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        first, *lines = await _head(reader)
        headers = [line for line in lines if not line.lower().startswith("x-forwarded-proto:")]
        head = "\r\n".join([first, *headers, "X-Forwarded-Proto: https", "", ""])
        writer.write(head.encode("latin-1"))
        named = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if named.get("transfer-encoding", "").lower().endswith("chunked"):
            await _pass_chunks(reader, writer)
        else:
            await _pass_exactly(reader, writer, int(named.get("content-length") or 0))
        await writer.drain()


async def _pass_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    size = 1
    while size:
        line = await reader.readuntil(b"\r\n")
        writer.write(line)
        size = int(line.split(b";")[0], 16)
        await _pass_exactly(reader, writer, size + 2 if size else 0)
    trailer = b"x"
    while trailer != b"\r\n":
        trailer = await reader.readuntil(b"\r\n")
        writer.write(trailer)


async def _pass_exactly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, size: int) -> None:
    while size:
        piece = await reader.read(min(size, PIECE))
        if not piece:
            raise _GoneError
        size -= len(piece)
        writer.write(piece)
        await writer.drain()


async def _pass_bytes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(PIECE):
        writer.write(piece)
        await writer.drain()


async def _head(reader: asyncio.StreamReader) -> list[str]:
    """Request line and headers, as lines."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        raise _GoneError from error
    return head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")


async def _refuse(writer: asyncio.StreamWriter, status: str, why: str) -> None:
    body = f"{why}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode("latin-1", errors="replace") + body)
    await writer.drain()
