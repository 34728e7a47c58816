"""Delivers a vendor's notices to whoever subscribed: signed by the vendor, retried, and sometimes badly."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

import aiohttp

from throughline.sandbox.faults import Faults

type Sign = Callable[[bytes], dict[str, str]]
type Again = Callable[[int, str], dict[str, str]]

TRIES, TIMEOUT_SECONDS = 4, 5.0


class NoticeRefused(Exception):
    """The subscriber answered, but not with a 2xx."""


def says_nothing(attempt: int, why: str) -> dict[str, str]:
    """Most vendors do not tell a repeated delivery from a first one."""
    del attempt, why
    return {}


class Courier:
    """One subscriber per simulator is enough for an estate: the hub."""

    def __init__(self, faults: Faults, sign: Sign, again: Again = says_nothing) -> None:
        self._faults, self._sign, self._again = faults, sign, again
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._held_back: list[bytes] = []
        self._http: aiohttp.ClientSession | None = None
        self._task: asyncio.Task[None] | None = None
        self.url: str | None = None
        self.pause_seconds = 0.2
        self.taken = self.delivered = self.dropped = self.given_up = 0

    @property
    def waiting(self) -> int:
        """Notices whose fate is open, one that is held back included."""
        return self.taken - self.delivered - self.dropped - self.given_up

    def notify(self, notice: dict[str, Any]) -> None:
        if self.url:
            self.taken += 1
            self._queue.put_nowait(json.dumps(notice).encode())

    async def post(self, body: bytes, headers: dict[str, str]) -> bytes:
        """Hand over one signed body, once; anything but a 2xx is an error."""
        if not (self.url and self._http):
            raise NoticeRefused("nobody is subscribed: POST /__sandbox__/hook first")
        signed = {"Content-Type": "application/json", **headers, **self._sign(body)}
        async with self._http.post(self.url, data=body, headers=signed) as answer:
            said = await answer.read()
            if not 200 <= answer.status < 300:
                raise NoticeRefused(f"{self.url} answered {answer.status}: {said[:200].decode(errors='replace')}")
            return said

    async def start(self) -> None:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._http:
            await self._http.close()

    async def _run(self) -> None:
        while True:
            body = await self._queue.get()
            fault = self._faults.draw_hook(self.url or "")
            match fault.kind if fault else None:
                case "hook_drop":
                    self.dropped += 1
                    continue
                case "hook_reorder":
                    self._held_back.append(body)
                    continue
                case "hook_duplicate":
                    self.taken += 1
                    await self._deliver(body)
                case _:
                    pass
            await self._deliver(body)
            while self._held_back:
                await self._deliver(self._held_back.pop())

    async def _deliver(self, body: bytes) -> None:
        why = ""
        for attempt in range(TRIES):
            if not self.url:
                break
            if attempt:
                await asyncio.sleep(self.pause_seconds * 2 ** (attempt - 1))
            try:
                await self.post(body, self._again(attempt, why) if attempt else {})
            except NoticeRefused:
                why = "http_error"
            except TimeoutError:
                why = "http_timeout"
            except (aiohttp.ClientError, ValueError):
                why = "connection_failed"
            else:
                self.delivered += 1
                return
        self.given_up += 1
