"""Carries connections from one address to another: `python forward.py <listen> <to> <port> ...`."""

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import Sequence

DISCARD = struct.pack("ii", 1, 0)


async def forward(listen: str, to: str, ports: Sequence[int]) -> list[asyncio.Server]:
    async def serve(port: int) -> asyncio.Server:
        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                there, back = await asyncio.open_connection(to, port)
                # Whoever hangs up takes back what a cut cable has kept, as on a line without us between.
                back.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, DISCARD)
                await asyncio.gather(_pour(reader, back), _pour(there, writer), return_exceptions=True)
            writer.close()

        return await asyncio.start_server(carry, listen, port)

    return [await serve(port) for port in ports]


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


async def _for_ever(listen: str, to: str, ports: Sequence[int]) -> None:
    await forward(listen, to, ports)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_for_ever(sys.argv[1], sys.argv[2], [int(port) for port in sys.argv[3:]]))
