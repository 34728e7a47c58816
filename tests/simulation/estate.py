"""The systems of a life: they keep what they were told, when, and forget nothing. They are what a life is judged by."""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.simulation.process import NOON, Process
from tests.simulation.virtual import Crowd
from tests.simulation.weather import (
    DEADLINE_SECONDS,
    KEY_WINDOW_SECONDS,
    LATEST_APPLY_SECONDS,
    LONGEST_LAG_SECONDS,
    Weather,
)
from throughline.hub.wire import Lost, NotSent, Raw, Request


@dataclass(slots=True)
class Kept:
    """One record over there, and when it came into being."""

    key: str
    body: dict[str, Any]
    made_at: float
    visible_at: float


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that was done to a system."""

    at: float
    system: str
    resource: str
    key: str
    made: bool
    body: dict[str, Any]


@dataclass
class Estate:
    """All systems. While it is calm nothing goes wrong."""

    chance: random.Random
    weather: Weather
    tell: Callable[[str, str], None]
    calm: bool = True
    closed: set[str] = field(default_factory=set[str])
    history: list[Done] = field(default_factory=list[Done])
    shelves: dict[tuple[str, str], dict[str, Kept]] = field(default_factory=dict[tuple[str, str], dict[str, Kept]])
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    under_way: Crowd = field(default_factory=Crowd)

    def shelf(self, system: str, resource: str) -> dict[str, Kept]:
        return self.shelves.setdefault((system, resource), {})

    def enter(self, system: str, resource: str, key: str | None, body: dict[str, Any]) -> str:
        """Make or change a record, and remember that it was done."""
        now, shelf = asyncio.get_running_loop().time(), self.shelf(system, resource)
        made = key is None
        key = key or f"{system[0].upper()}{next(self._numbers)}"
        at = (NOON + timedelta(seconds=now)).isoformat()
        before = shelf.get(key)
        lag = 0.0 if self.calm else self.chance.uniform(0, LONGEST_LAG_SECONDS)
        whole = {**(before.body if before else {}), **body, "id": key, "changed": at}
        shelf[key] = Kept(key, whole, before.made_at if before else now, before.visible_at if before else now + lag)
        self.history.append(Done(now, system, resource, key, made, body))
        self.tell(system, f"{'makes' if made else 'changes'} {resource} {key}: {json.dumps(body, sort_keys=True)}")
        return key

    async def answer(self, request: Request) -> Raw:
        """What becomes of a request that has left its process, whether or not that one lives to hear of it."""
        address = urlsplit(request.url)
        system = (address.hostname or "").split(".")[0]
        resource, *steps = address.path.strip("/").split("/")
        await asyncio.sleep(self.chance.uniform(0.02, 0.3))
        fate = self._fate(system, makes=request.method == "POST")
        match fate:
            case "closed":
                return said(503, {})
            case "throttled":
                return said(429, {}, retry_after=str(self.chance.randint(1, 8)))
            case "lost before":
                return await self._never(system, fate)
            case "late":
                await asyncio.sleep(self.chance.uniform(0, LATEST_APPLY_SECONDS))
            case _:
                pass
        answer = self._done(request.method, system, resource, steps, request)
        if fate in {"late", "lost after"}:
            return await self._never(system, fate)
        if fate == "failed after":
            return said(500, {})
        await asyncio.sleep(self.chance.uniform(0.02, 0.3))
        return answer

    def _fate(self, system: str, *, makes: bool) -> str:
        if self.calm:
            return "fine"
        if system in self.closed:
            return self.chance.choice(("closed", "closed", "lost before"))
        weather, dice = self.weather, self.chance.random()
        fates = {"throttled": weather.throttled, "closed": weather.refused, "lost before": weather.lost_before,
                 "lost after": weather.lost_after, "failed after": weather.failed_after,
                 "late": weather.late}  # fmt: skip
        for fate, share in fates.items():
            if dice < share:
                # What is said again in other words after an answer was lost would be overwritten by the late one: on
                # rung A only the vendor's own order helps, so there it is believed to keep it (decision 0015).
                return fate if makes or fate != "late" else "lost before"
            dice -= share
        return "fine"

    async def _never(self, system: str, why: str) -> Raw:
        """No answer comes. Some connections break at once, others at the deadline."""
        self.tell(system, f"{why}: no answer")
        if self.chance.random() < 0.5:
            raise Lost("the connection was reset")
        return await asyncio.get_running_loop().create_future()

    def _done(self, method: str, system: str, resource: str, steps: list[str], request: Request) -> Raw:
        body = json.loads(request.body) if request.body else {}
        shelf = self.shelf(system, resource)
        match method, steps:
            case "GET", [key]:
                return said(200, shelf[key].body) if key in shelf else said(404, {})
            case "GET", _:
                return said(200, self._asked(shelf, parse_qs(urlsplit(request.url).query)))
            case "PUT", [_, ours]:
                known = next((kept.key for kept in shelf.values() if kept.body.get("ours") == ours), None)
                return said(200, {"id": self.enter(system, resource, known, {**body, "ours": ours})})
            case "POST", _:
                return said(201, {"id": self._post(system, resource, body, request.headers.get("Idempotency-Key"))})
            case "PATCH", [key]:
                return said(200, {"id": self.enter(system, resource, key, body)})
            case _:
                raise AssertionError(request)

    def _post(self, system: str, resource: str, body: dict[str, Any], key: str | None) -> str:
        """Made once for a key, as long as that is remembered."""
        if key is None:
            return self.enter(system, resource, None, body)
        since = asyncio.get_running_loop().time() - KEY_WINDOW_SECONDS
        fresh = (each for each in self.shelf(system, resource).values() if each.made_at >= since)
        known = next((each.key for each in fresh if each.body.get("once") == key), None)
        return known or self.enter(system, resource, None, {**body, "once": key})

    def _asked(self, shelf: dict[str, Kept], asked: dict[str, list[str]]) -> dict[str, Any]:
        """A list: by a field, with the index lagging behind, or page by page since a moment."""
        now = asyncio.get_running_loop().time()
        pages, since = int(asked.pop("page", ["-1"])[0]), asked.pop("since", [""])[0]
        found = [each.body for each in shelf.values() if pages >= 0 or each.visible_at <= now]
        found = sorted((body for body in found if body["changed"] >= since), key=lambda body: body["changed"])
        for name, (wanted,) in asked.items():
            found = [body for body in found if str(body.get(name)) == wanted]
        if pages < 0:
            return {"items": found, "more": False}
        return {"items": found[3 * pages : 3 * pages + 3], "more": len(found) > 3 * pages + 3}


@dataclass(frozen=True, slots=True)
class LifeTransport:
    """One process's way to the systems. What it has sent goes on without it."""

    estate: Estate
    process: Process

    async def exchange(self, request: Request) -> Raw:
        # Nothing may come between here and the sending: the lease was looked at just before.
        loop = asyncio.get_running_loop()
        if not self.estate.calm and self.process.chance.random() < self.estate.weather.refused:
            raise NotSent("the connection was refused")
        under_way = self.estate.under_way.begin(self.estate.answer(request))
        under_way.add_done_callback(_heard)
        try:
            async with asyncio.timeout_at(loop.time() + DEADLINE_SECONDS):
                answer = await asyncio.shield(under_way)
        except TimeoutError as error:
            raise Lost("no answer within the deadline") from error
        finally:
            await self.process.reach(f"the answer to {request.method} {urlsplit(request.url).path}")
        return answer


def _heard(answered: "asyncio.Task[Raw]") -> None:
    """Nobody may be left to hear what became of it."""
    if not answered.cancelled():
        answered.exception()


def said(status: int, body: Any, **headers: str) -> Raw:
    return Raw(status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode())
