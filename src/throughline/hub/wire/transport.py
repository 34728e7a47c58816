"""One HTTP exchange, ended by a total deadline and a cap on decompressed bytes."""

import errno
import socket
import struct
from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import aiohttp
from aiohappyeyeballs import AddrInfoType

from throughline.core.connector import DEADLINE_SECONDS

LARGEST_ANSWER = 32 * 2**20
DISCARD = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out."""

    method: str
    url: str
    headers: Dict[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Raw:
    """What came back, before anybody understood it."""

    status: int
    headers: Dict[str, str]
    body: bytes


class NotSent(Exception):
    """No byte left us: the other side cannot have done anything."""


class Lost(Exception):
    """The connection was up, and no whole answer came. What they did is unknown."""


class Forbidden(OSError):
    """The guard lets nobody connect to that address."""


class Transport(Protocol):
    """Whoever can do one exchange; the simulation and the tests bring their own."""

    async def exchange(self, request: Request) -> Raw: ...


class AiohttpTransport:
    """The real one. One pool of connections for the whole process.

    A guard raises ValueError for an address nobody may connect to. It is asked for each address as it is connected to,
    after all names were resolved: what a name meant a moment ago, or how an address was spelled, plays no part.
    """

    def __init__(
        self,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
        largest_answer: int = LARGEST_ANSWER,
        guard: Callable[[str], None] | None = None,
    ) -> None:
        self._deadline, self._largest, self._guard = deadline_seconds, largest_answer, guard
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            # Each system's gate says how many there are: a bound on all would let a slow one keep the others waiting.
            connector=aiohttp.TCPConnector(limit=0, limit_per_host=0, socket_factory=self._socket),
            cookie_jar=aiohttp.DummyCookieJar(),
            # For the whole exchange: a vendor that drips a byte a second meets it too.
            timeout=aiohttp.ClientTimeout(total=self._deadline, sock_connect=None),
            skip_auto_headers=("User-Agent", "Content-Type"),
        )
        # It would repeat a GET or a PUT by itself when a kept connection turns out dead: unseen, and without asking
        # whether we may still send.
        self._session._retry_connection = False  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - there is no other way
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def exchange(self, request: Request) -> Raw:
        if self._session is None:
            raise RuntimeError("the transport is not open: use it as a context manager")
        try:
            async with self._session.request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.body or None,
                allow_redirects=False,
            ) as answer:
                return Raw(answer.status, {k.lower(): v for k, v in answer.headers.items()}, await self._read(answer))
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:
            raise NotSent(str(error)) from error
        except TimeoutError as error:
            raise Lost(f"no whole answer within {self._deadline:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Lost(str(error) or type(error).__name__) from error

    def _socket(self, place: AddrInfoType) -> socket.socket:  # pyright: ignore[reportUnknownParameterType] - theirs
        family, kind, protocol, _, address = place
        if self._guard:
            try:
                self._guard(str(address[0]))
            except ValueError as error:
                raise Forbidden(errno.EACCES, str(error)) from error
        made = socket.socket(family, kind, protocol)
        # What we gave up must not leave later: closed, the system would go on sending what a cut line has kept back.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, DISCARD)
        return made

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        while chunk := await answer.content.readany():
            body += chunk
            if len(body) > self._largest:
                raise Lost(f"the answer is larger than {self._largest // 2**20} MiB")
        return bytes(body)
