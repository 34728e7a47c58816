"""A line to PostgreSQL that is cut in the worst moment: the commit is on its way, and its answer never comes back."""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

COMMIT = b"COMMIT;"
# The end of a statement that is sent on its own, and so commits on its own.
SYNC = b"S\x00\x00\x00\x04"
CHUNK = 1 << 16


@dataclass
class CutLine:
    """Between workers and `server`, on a port of its own. A share of what commits loses its answer, and its line."""

    server: str
    chance: random.Random
    share: float = 0.0
    cuts: int = 0
    commits_cut: int = 0
    port: int = 0
    _open: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._listening.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.close()
        for each in [*self._open]:
            each.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        to_server: asyncio.StreamWriter | None = None
        with contextlib.suppress(OSError, asyncio.CancelledError):
            server, to_server = await asyncio.open_unix_connection(self.server)
            ways = [
                asyncio.create_task(self._carry(client, to_server, cuts=True)),
                asyncio.create_task(self._carry(server, to_client, cuts=False)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        for writer in (to_client, to_server):
            if writer:
                writer.transport.abort() if writer is to_client else writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, cuts: bool) -> None:
        """Until one end closes, or the line is cut behind something that commits."""
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
            is_commit = COMMIT in data
            if cuts and (is_commit or data.endswith(SYNC)) and self.chance.random() < self.share:
                self.cuts += 1
                self.commits_cut += is_commit
                return
