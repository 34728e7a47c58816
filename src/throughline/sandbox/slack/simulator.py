"""The Slack simulator: every door of the vendor, and the control routes that play its people."""

import hashlib
import hmac
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import ClientError, web

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.courier import NoticeRefused
from throughline.sandbox.faults import Fault
from throughline.sandbox.shelf import Shelf
from throughline.sandbox.simulator import CONTROL, Simulator
from throughline.sandbox.slack import chat, firm, hands, methods
from throughline.sandbox.slack.arguments import Arguments, Refused, read
from throughline.sandbox.slack.limits import Limits
from throughline.sandbox.slack.workspace import Workspace

type Record = dict[str, Any]
type Act = Callable[[Record, web.Request], Awaitable[Record]]


class Slack(Simulator):
    """One workspace with one installed app. `wall` is the clock its clients check signatures and wait by."""

    name = "slack"

    def __init__(
        self, *, clock: SandboxClock, shelf: Shelf, chance: random.Random, wall: Callable[[], float] = time.time
    ) -> None:
        super().__init__(clock=clock, shelf=shelf, chance=chance)
        self.workspace = Workspace(shelf, clock.now, self.courier.notify)
        self.limits, self._wall = Limits(wall), wall

    def routes(self) -> Iterable[web.RouteDef]:
        return [
            web.get("/api/{method}", self._call),
            web.post("/api/{method}", self._call),
            web.post("/services/{team}/{bot}/{secret}", self._incoming),
            web.post("/actions/{team}/{trigger}/{message}", self._respond),
            web.post(f"{CONTROL}/limits", self._change_limits),
            web.post(f"{CONTROL}/click", self._played(self._click)),
            web.post(f"{CONTROL}/say", self._played(self._say)),
        ]

    def seed(self) -> None:
        self.workspace.forget()
        for user in firm.users():
            self.shelf.create("users", user["id"], user)
        for channel in firm.channels(int(self.clock.now().timestamp())):
            self.shelf.create("channels", channel["id"], channel)

    def handout(self) -> Record:
        return {
            "bot_token": firm.TOKEN,
            "signing_secret": firm.SIGNING_SECRET,
            "hooks_secret": firm.SIGNING_SECRET,
            "incoming_webhook": firm.INCOMING_HOOK,
            "team_id": firm.TEAM,
            "app_id": firm.APP,
            "bot_id": firm.BOT,
            "bot_user_id": firm.BOT_USER,
        }

    def refuse(self, fault: Fault) -> web.Response:
        match fault.kind:
            case "throttle":
                return _ratelimited(fault.retry_after or 1)
            case "lock":
                return web.json_response({"ok": False, "error": "fatal_error"})
            case "maintenance":
                return web.json_response({"ok": False, "error": "service_unavailable"}, status=503)
            case _:
                return web.json_response({"ok": False, "error": "internal_error"}, status=fault.status)

    def sign(self, body: bytes) -> dict[str, str]:
        """https://api.slack.com/authentication/verifying-requests-from-slack"""
        timestamp = str(int(self._wall()))
        base = b"v0:" + timestamp.encode() + b":" + body
        digest = hmac.new(firm.SIGNING_SECRET.encode(), base, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}

    def again(self, attempt: int, why: str) -> dict[str, str]:
        return {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": why}

    async def greet(self) -> None:
        """https://api.slack.com/events/url_verification"""
        challenge = f"{self.chance.getrandbits(256):064x}"
        asked = {"token": firm.VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"}
        said = (await self.courier.post(json.dumps(asked).encode(), {})).decode(errors="replace").strip()
        if challenge not in (said, said.removeprefix("challenge="), _challenge_in(said)):
            raise NoticeRefused("it did not echo the challenge")

    # The Web API

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        try:
            arguments, warnings = await read(request)
            answer = methods.allowed(method, arguments, request.headers.get("Authorization", ""))
            if method == "chat.postMessage" and (wait := self._too_fast(arguments)):
                return _ratelimited(wait)
            said = {"ok": True, **answer(self.workspace, arguments)}
        except Refused as refusal:
            return web.json_response(refusal.body)
        return web.json_response(_with_warnings(said, warnings))

    def _too_fast(self, arguments: Arguments) -> int | None:
        return self.limits.take(self.workspace.channel(arguments.required("channel"), by_name=True)["id"])

    # Incoming webhooks and answers to a press: https://api.slack.com/messaging/webhooks

    async def _incoming(self, request: web.Request) -> web.Response:
        if request.path != firm.INCOMING_HOOK:
            return web.Response(status=404, text="no_service")
        if wait := self.limits.take(firm.INCOMING_CHANNEL):
            return web.Response(status=429, text="rate_limited", headers={"Retry-After": str(wait)})
        return await self._say_ok(request, firm.INCOMING_CHANNEL)

    async def _respond(self, request: web.Request) -> web.Response:
        channel, _, ts = request.match_info["message"].partition("-")
        return await self._say_ok(request, channel, ts)

    async def _say_ok(self, request: web.Request, channel: str, ts: str | None = None) -> web.Response:
        try:
            arguments, _ = await read(request)
            if isinstance(payload := arguments.structure("payload", error="invalid_payload"), dict):
                arguments = Arguments(payload)
            if ts and arguments.flag("delete_original"):
                self.workspace.delete(self.workspace.message(channel, ts))
            elif ts and arguments.flag("replace_original"):
                said = chat.content(self.workspace, arguments, longest=chat.LONGEST_POST)
                self.workspace.change(self.workspace.message(channel, ts), said)
            else:
                chat.post_message(self.workspace, Arguments({**arguments.all(), "channel": channel}))
        except Refused as refusal:
            return web.Response(status=400, text=refusal.body["error"])
        return web.Response(text="ok")

    # The control interface

    async def _change_limits(self, request: web.Request) -> web.Response:
        now: Record = {"messages_per_second": self.limits.messages_per_second, "burst": self.limits.burst}
        wanted = {**now, **(await request.json())}
        try:
            self.limits.change(**wanted)
        except (TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=422)
        return web.json_response(wanted)

    def _played(self, act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A control route that plays a person; what cannot be played is refused with the reason."""

        async def route(request: web.Request) -> web.Response:
            try:
                return web.json_response(await act(await request.json(), request))
            except KeyError as missing:
                return web.json_response({"error": f"say {missing} as well"}, status=422)
            except (Refused, ValueError) as error:
                return web.json_response({"error": str(error)}, status=422)
            except (NoticeRefused, ClientError, TimeoutError) as error:
                return web.json_response({"error": f"the hook did not take it: {error}"}, status=502)

        return route

    async def _click(self, wanted: Record, request: web.Request) -> Record:
        body, answer_path = hands.click(self.workspace, wanted, origin=str(request.url.origin()))
        said = await self.courier.post(body, {"Content-Type": "application/x-www-form-urlencoded"})
        return {"response_url": answer_path, "said": said.decode(errors="replace")}

    async def _say(self, wanted: Record, request: web.Request) -> Record:
        del request
        return hands.say(self.workspace, wanted)


def _ratelimited(wait: int) -> web.Response:
    refusal = {"ok": False, "error": "ratelimited"}
    return web.json_response(refusal, status=429, headers={"Retry-After": str(wait)})


def _with_warnings(answer: Record, warnings: list[str]) -> Record:
    own = [answer["warning"]] if "warning" in answer else []
    if not (own or warnings):
        return answer
    metadata = {**answer.get("response_metadata", {}), "warnings": own + warnings}
    return {**answer, "warning": ",".join(own + warnings), "response_metadata": metadata}


def _challenge_in(said: str) -> str | None:
    try:
        body = json.loads(said)
    except ValueError:
        return None
    return body.get("challenge") if isinstance(body, dict) else None
