"""Webhook intake: signature checked, committed, then acknowledged; the sender on the same machine."""

import asyncio
import hashlib
import hmac
import json
import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import statistics
import time

import uvicorn
import uvloop

from bench.engine import settings_for
from bench.figures import Figures
from bench.firm import SECRET, STUB, five_effects
from throughline.main import log_to_stderr, machine
from throughline.server import app
from throughline.settings import Settings

SENDERS, SECONDS, WARM_UP_SECONDS = 128, 5.0, 1.5


def measured(*, database_url: str | None) -> Figures:
    """What one server process takes in, from senders that each wait for their acknowledgement."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, database_url))
    server.start()
    try:
        return uvloop.run(_send(ours.recv()))
    finally:
        if server.pid:
            os.kill(server.pid, signal.SIGTERM)
        server.join()


def _serve(told: multiprocessing.connection.Connection, database_url: str | None) -> None:
    log_to_stderr("error")
    uvloop.run(_listen(told, settings_for("http://127.0.0.1:9", database_url=database_url)))


async def _listen(told: multiprocessing.connection.Connection, settings: Settings) -> None:
    async with machine(settings, connectors={"stub": STUB}, workflows=(five_effects,)) as built:
        await built.firms.apply(by="bench")
        listening = socket.create_server(("127.0.0.1", 0))
        told.send(listening.getsockname()[1])
        config = uvicorn.Config(
            app(built, settings), log_config=None, access_log=False, loop="uvloop", proxy_headers=False
        )
        await uvicorn.Server(config).serve(sockets=[listening])


async def _send(port: int) -> Figures:
    await _during(port, WARM_UP_SECONDS)
    began = time.perf_counter()
    took = await _during(port, SECONDS)
    whole = time.perf_counter() - began
    return {
        "per_second": len(took) / whole,
        "p50_ms": statistics.median(took) * 1000,
        "p99_ms": statistics.quantiles(took, n=100)[98] * 1000,
        "deliveries": float(len(took)),
    }


async def _during(port: int, seconds: float) -> list[float]:
    until = time.perf_counter() + seconds
    found = await asyncio.gather(*(_sender(port, until) for _ in range(SENDERS)))
    return [each for some in found for each in some]


async def _sender(port: int, until: float) -> list[float]:
    """One connection that sends its next delivery when the last one was acknowledged."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request, took = _request(port), list[float]()
    while (began := time.perf_counter()) < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the server answered {head[:200]!r}")
        at = head.lower().find(b"content-length:")
        await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]))
        took.append(time.perf_counter() - began)
    writer.close()
    return took


def _request(port: int) -> bytes:
    body = json.dumps({"id": "notice", "recordType": "customer", "recordId": "1", "operation": "edit"}).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    head = (
        f"POST /hooks/beta HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"X-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
