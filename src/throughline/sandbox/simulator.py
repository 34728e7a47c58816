"""What all simulators share: bad days, counters, a log of calls, and the control interface at `/__sandbox__/`."""

import asyncio
import contextlib
import random
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar

import aiohttp
from aiohttp import web

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.courier import Courier, NoticeRefused, says_nothing
from throughline.sandbox.faults import Fault, Faults
from throughline.sandbox.shelf import Shelf

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CALLS_KEPT = 10_000
CONTROL = "/__sandbox__"


class Simulator(ABC):
    """One vendor. A subclass brings its routes, its seed, and its dialect for refusals."""

    name: ClassVar[str]
    body_limit: ClassVar[int] = 64 * 2**20

    def __init__(self, *, clock: SandboxClock, shelf: Shelf, chance: random.Random) -> None:
        self.clock, self.shelf, self.chance = clock, shelf, chance
        self.faults = Faults(chance)
        self.courier = Courier(self.faults, self.sign, self.again)
        self.calls: deque[dict[str, Any]] = deque(maxlen=CALLS_KEPT)
        self.late: set[asyncio.Task[None]] = set()

    @abstractmethod
    def routes(self) -> Iterable[web.RouteDef]:
        """The vendor's own endpoints."""

    @abstractmethod
    def seed(self) -> None:
        """Put the demo firm's records on the shelf."""

    @abstractmethod
    def refuse(self, fault: Fault) -> web.Response:
        """How this vendor words `throttle`, `error`, `lock` and `maintenance`."""

    def sign(self, body: bytes) -> dict[str, str]:
        """Headers with which this vendor signs a notice."""
        del body
        return {}

    def again(self, attempt: int, why: str) -> dict[str, str]:
        """Headers with which this vendor marks a repeated notice: `why` is an error of the hook before it."""
        return says_nothing(attempt, why)

    async def greet(self) -> None:  # noqa: B027 - most vendors ask nothing, so this is not abstract
        """What this vendor asks of a new subscriber before it believes in it; refusal is a NoticeRefused."""

    def handout(self) -> dict[str, Any]:
        """The credentials a client needs, as the vendor's administrator would hand them over."""
        return {}

    def closed(self) -> bool:
        """Whether a maintenance window is open right now; a subclass may know of planned ones."""
        until = self.shelf.get("_sandbox", "maintenance")
        return bool(until) and datetime.fromisoformat(until["until"]) > self.clock.now()

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._bad_days], client_max_size=self.body_limit)
        app.add_routes(self._control())
        app.add_routes(list(self.routes()))
        app.on_startup.append(self._start)
        app.on_cleanup.append(self._stop)
        return app

    async def _start(self, _app: web.Application) -> None:
        if not set(self.shelf.kinds()) - {"_sandbox"}:  # a simulator's own keys are not the firm's records
            self.reseed()
        subscribed = self.shelf.get("_sandbox", "hook")
        self.courier.url = subscribed["url"] if subscribed else None
        await self.courier.start()

    async def _stop(self, _app: web.Application) -> None:
        for task in self.late:
            task.cancel()
        await asyncio.gather(*self.late, return_exceptions=True)
        await self.courier.stop()
        self.shelf.close()

    def reseed(self) -> None:
        """The firm's first day again. Who subscribed stays subscribed: that is wiring, not a record."""
        hook = self.shelf.get("_sandbox", "hook")
        self.shelf.clear()
        self.faults.clear()
        self.calls.clear()
        self.seed()
        if hook:
            self.shelf.create("_sandbox", "hook", hook)
        self.shelf.forget_counts()

    # Bad days

    @web.middleware
    async def _bad_days(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(CONTROL):
            return await handler(request)
        call: dict[str, Any] = {"at": self.clock.now().isoformat(), "method": request.method, "path": request.path_qs}
        self.calls.append(call)
        try:
            response = await self._answer(call, request, handler)
        except web.HTTPException as refusal:
            call["status"] = refusal.status
            raise
        call["status"] = response.status
        return response

    async def _answer(self, call: dict[str, Any], request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.closed():
            return self.refuse(Fault("maintenance"))
        if fault := self.faults.draw(request.method, request.path_qs):
            call["fault"] = fault.kind
            return await self._struck(fault, request, handler)
        return await handler(request)

    async def _struck(self, fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        match fault.kind:
            case "throttle" | "error" | "lock" | "maintenance":
                return self.refuse(fault)
            case "slow":
                await asyncio.sleep(fault.seconds)
                return await handler(request)
            case "reset_before":
                return self._cut(request)
            case "hang_before":
                await asyncio.sleep(fault.seconds)
                return self._cut(request)
            case "late":
                return await self._apply_late(fault, request, handler)
            case _:
                await request.read()
                return await self._spoil(fault, request, await handler(request))

    async def _spoil(self, fault: Fault, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        match fault.kind:
            case "error_after":
                return self.refuse(Fault("error", status=fault.status))
            case "hang_after":
                await asyncio.sleep(fault.seconds)
                return self._cut(request)
            case "drip" | "garbage":
                return await self._drip(fault, request, answer)
            case _:
                return self._cut(request)

    async def _apply_late(self, fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The zombie: the client gives up, and the vendor does the work all the same."""
        await request.read()

        async def later() -> None:
            await asyncio.sleep(fault.seconds)
            with contextlib.suppress(web.HTTPException):  # a refusal nobody is left to hear
                await handler(request)

        task = asyncio.get_running_loop().create_task(later())
        self.late.add(task)
        task.add_done_callback(self.late.discard)
        return self._cut(request)

    async def _drip(self, fault: Fault, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        body = bytes(answer.body) if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
        dripping = web.StreamResponse(status=answer.status, headers=answer.headers)
        dripping.content_length = len(body)
        await dripping.prepare(request)
        if fault.kind == "garbage":
            await dripping.write(body[: len(body) // 2])
            return self._cut(request)
        with contextlib.suppress(ConnectionError):
            for at in range(len(body)):
                await dripping.write(body[at : at + 1])
                await asyncio.sleep(fault.seconds / max(len(body), 1))
        return dripping

    def _cut(self, request: web.Request) -> web.StreamResponse:
        if request.transport:
            request.transport.abort()
        return web.Response(status=499)

    # The control interface

    def _control(self) -> list[web.RouteDef]:
        return [
            web.get(f"{CONTROL}/state", self._state),
            web.get(f"{CONTROL}/state/{{kind}}", self._state),
            web.post(f"{CONTROL}/reset", self._reset),
            web.get(f"{CONTROL}/clock", self._read_clock),
            web.post(f"{CONTROL}/clock", self._drive_clock),
            web.get(f"{CONTROL}/faults", self._list_faults),
            web.post(f"{CONTROL}/faults", self._add_fault),
            web.delete(f"{CONTROL}/faults", self._clear_faults),
            web.post(f"{CONTROL}/maintenance", self._maintenance),
            web.get(f"{CONTROL}/counters", self._counters),
            web.get(f"{CONTROL}/calls", self._calls),
            web.get(f"{CONTROL}/hook", self._read_hook),
            web.post(f"{CONTROL}/hook", self._hook),
        ]

    async def _state(self, request: web.Request) -> web.Response:
        kind = request.match_info.get("kind")
        if kind:
            return web.json_response(self.shelf.all(kind))
        return web.json_response({kind: self.shelf.all(kind) for kind in self.shelf.kinds() if kind != "_sandbox"})

    async def _reset(self, _request: web.Request) -> web.Response:
        self.reseed()
        return web.json_response({"reset": self.name})

    async def _read_clock(self, _request: web.Request) -> web.Response:
        return web.json_response({"now": self.clock.now().isoformat(), "speed": self.clock.speed})

    async def _drive_clock(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        try:
            if "speed" in wanted:
                self.clock.run_at(float(wanted["speed"]))
            if "set" in wanted:
                self.clock.set(_moment(wanted["set"]))
            if "advance" in wanted:
                self.clock.advance(float(wanted["advance"]))
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=422)
        return await self._read_clock(request)

    async def _list_faults(self, _request: web.Request) -> web.Response:
        return web.json_response(self.faults.listed())

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            fault = self.faults.add(await request.json())
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=422)
        return web.json_response({"on": fault.id}, status=201)

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self.faults.clear()
        return web.json_response([])

    async def _maintenance(self, request: web.Request) -> web.Response:
        """Close for business until a moment of the sandbox clock; a null opens again."""
        try:
            until = (await request.json())["until"]
            closed = {"until": _moment(until).isoformat()} if until else None
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=422)
        if self.shelf.get("_sandbox", "maintenance"):
            self.shelf.delete("_sandbox", "maintenance")
        if closed:
            self.shelf.create("_sandbox", "maintenance", closed)
        return web.json_response({"until": until})

    async def _counters(self, _request: web.Request) -> web.Response:
        return web.json_response({kind: verbs for kind, verbs in self.shelf.counters.items() if kind != "_sandbox"})

    async def _calls(self, _request: web.Request) -> web.Response:
        return web.json_response(list(self.calls))

    async def _read_hook(self, _request: web.Request) -> web.Response:
        courier = self.courier
        fates = {"delivered": courier.delivered, "dropped": courier.dropped, "given_up": courier.given_up}
        return web.json_response({"url": courier.url, "waiting": courier.waiting, **fates})

    async def _hook(self, request: web.Request) -> web.Response:
        """Where notices go. A null unsubscribes; a subscriber who fails the vendor's greeting is not taken."""
        url, before = (await request.json())["url"], self.courier.url
        self.courier.url = url
        if url:
            try:
                await self.greet()
            except (NoticeRefused, aiohttp.ClientError, TimeoutError, ValueError) as error:
                self.courier.url = before
                return web.json_response({"error": f"the hook did not pass the greeting: {error}"}, status=422)
        if self.shelf.get("_sandbox", "hook"):
            self.shelf.delete("_sandbox", "hook")
        if url:
            self.shelf.create("_sandbox", "hook", {"url": url})
        return web.json_response({"url": url})


def _moment(text: str) -> datetime:
    """A moment of the control interface; without a zone it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
