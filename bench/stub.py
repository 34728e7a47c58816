"""A system that answers at once, in a process of its own: what is measured is us, not it. Only `#slow` takes long."""

import asyncio
import multiprocessing
import multiprocessing.connection
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import uvloop

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n{"id":"1","success": true}'
SLOW_SECONDS = 1.5


class _Answers(asyncio.Protocol):
    def __init__(self) -> None:
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's, though they can all it says.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._seen += data
        while (end := self._seen.find(b"\r\n\r\n")) >= 0:
            head = self._seen[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._seen) < end + 4 + length:
                return
            body, self._seen = self._seen[end + 4 : end + 4 + length], self._seen[end + 4 + length :]
            if b'"#slow"' in body:
                asyncio.get_running_loop().call_later(SLOW_SECONDS, self._transport.write, ANSWER)
            else:
                self._transport.write(ANSWER)


async def _serve(told: multiprocessing.connection.Connection) -> None:
    server = await asyncio.get_running_loop().create_server(_Answers, "127.0.0.1", 0)
    told.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _process(told: multiprocessing.connection.Connection) -> None:
    uvloop.run(_serve(told))


@contextmanager
def stub() -> Generator[str]:
    """The address of a stub that lives as long as the block."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_process, args=(theirs,), daemon=True)
    process.start()
    yield f"http://127.0.0.1:{ours.recv()}"
    process.terminate()
    process.join()
