"""The Salesforce simulator: OAuth, the data API, and what the sandbox adds to drive it."""

import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.faults import Fault
from throughline.sandbox.salesforce import amendments, cpq, limits
from throughline.sandbox.salesforce.address import addressed
from throughline.sandbox.salesforce.auth import TOKEN_PATH, ConnectedApp, Sessions, userinfo
from throughline.sandbox.salesforce.deals import close_deal
from throughline.sandbox.salesforce.describe import versions
from throughline.sandbox.salesforce.org import Org
from throughline.sandbox.salesforce.rest import answered
from throughline.sandbox.salesforce.seed import seed_firm
from throughline.sandbox.salesforce.wire import Answer, Refused, dumps, loads
from throughline.sandbox.shelf import Shelf
from throughline.sandbox.simulator import CONTROL, Simulator

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _wall() -> datetime:
    return datetime.now(UTC)


class Salesforce(Simulator):
    """Halyard Advisory's org. Without a public key it makes a pair; `handout` says what to log in with."""

    name = "salesforce"

    def __init__(
        self,
        *,
        clock: SandboxClock,
        shelf: Shelf,
        chance: random.Random,
        public_key_pem: bytes | None = None,
        wall: Callable[[], datetime] = _wall,
    ) -> None:
        super().__init__(clock=clock, shelf=shelf, chance=chance)
        self.org = Org(shelf, clock)
        self.sessions = Sessions(self.org, chance)
        self.connected_app = ConnectedApp(self.org, self.sessions, public_key_pem, wall)

    def handout(self) -> dict[str, str]:
        """What an administrator hands to whoever connects: consumer key and secret, username, private key, path."""
        return self.connected_app.handout()

    def seed(self) -> None:
        self.org.load()
        seed_firm(self.org, self.chance)
        self.connected_app.keep()

    def routes(self) -> Iterable[web.RouteDef]:
        return [
            web.post(TOKEN_PATH, self._token),
            web.get("/services/oauth2/userinfo", self._userinfo),
            web.post("/services/oauth2/userinfo", self._userinfo),
            web.post("/services/oauth2/revoke", self._revoke),
            web.get("/services/data", self._versions),
            web.get("/services/data/", self._versions),
            web.route("*", "/services/data/{rest:.*}", self._data),
            web.post(f"{CONTROL}/revoke", self._revoke_all),
            web.post(f"{CONTROL}/limits", self._limits),
            web.post(f"{CONTROL}/skew", self._skew),
            web.post(f"{CONTROL}/deals", self._by_hand(close_deal)),
            web.post(f"{CONTROL}/amendments", self._by_hand(amendments.amend)),
            web.post(f"{CONTROL}/contracts", self._by_hand(amendments.contract)),
            web.post(f"{CONTROL}/renewals", self._by_hand(amendments.renew)),
            web.post(f"{CONTROL}/decisions", self._by_hand(amendments.decide)),
        ]

    def refuse(self, fault: Fault) -> web.Response:
        match fault.kind:
            case "throttle":
                pool = "ConcurrentPerOrgLongTxn" if fault.status == 429 else "TotalRequests"
                refused = Refused(403, "REQUEST_LIMIT_EXCEEDED", f"{pool} Limit exceeded.")
            case "lock":
                message = "unable to obtain exclusive access to this record or 1 records"
                refused = Refused(400, "UNABLE_TO_LOCK_ROW", message)
            case "error" if fault.status != 503:
                message = "An unexpected error occurred. Please include this ErrorId if you contact support"
                refused = Refused(fault.status, "UNKNOWN_EXCEPTION", f"{message}: {fault.id:010}-00001 (0)")
            case _:
                refused = Refused(503, "SERVER_UNAVAILABLE", "Server is too busy or down for maintenance")
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return self._rendered(refused.answer(), headers)

    # OAuth

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        return _plain(self.connected_app.grant(form, request.headers.get("Authorization", ""), _base(request)))

    async def _userinfo(self, request: web.Request) -> web.Response:
        try:
            user = self.sessions.user(request.headers.get("Authorization", ""))
        except Refused:
            return web.Response(status=403, text="Bad_OAuth_Token")
        return _plain(Answer(200, userinfo(self.org, user, _base(request))))

    async def _revoke(self, request: web.Request) -> web.Response:
        token = (await request.post()).get("token") or request.query.get("token", "")
        self.sessions.close(str(token))
        return web.Response(status=200)

    # The data API

    async def _versions(self, _request: web.Request) -> web.Response:
        return _plain(Answer(200, versions()))

    async def _data(self, request: web.Request) -> web.Response:
        text = await request.read()
        try:
            user = self.sessions.user(request.headers.get("Authorization", ""))
            limits.spend(self.org)
            headers = {name.lower(): value for name, value in request.headers.items()}
            body = loads(text) if text else None
            cpq.calculate(self.org)
            answer = answered(addressed(request.method, request.rel_url.raw_path_qs, headers, body), self.org, user)
        except Refused as refused:
            answer = refused.answer()
        return self._rendered(answer, limits.header(self.org))

    def _rendered(self, answer: Answer, headers: dict[str, str]) -> web.Response:
        return _plain(Answer(answer.status, answer.body, {**answer.headers, **limits.header(self.org), **headers}))

    # The sandbox's own

    async def _revoke_all(self, _request: web.Request) -> web.Response:
        return web.json_response({"revoked": self.sessions.close_all()})

    async def _limits(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        return web.json_response(limits.allow(self.org, wanted.get("daily"), wanted.get("used")))

    async def _skew(self, request: web.Request) -> web.Response:
        seconds = float((await request.json())["seconds"])
        self.org.slow_down(seconds)
        return web.json_response({"seconds": seconds})

    def _by_hand(self, verb: Callable[["Salesforce", Mapping[str, Any]], dict[str, Any]]) -> Handler:
        """What a salesperson does, asked for in JSON."""

        async def does(request: web.Request) -> web.StreamResponse:
            text = await request.read()
            try:
                done = verb(self, loads(text) if text else {})
            except (Refused, ValueError) as error:
                return web.json_response({"error": str(error)}, status=422)
            return _plain(Answer(201, done))

        return does


def _base(request: web.Request) -> str:
    """The scheme and host by which the request came; a gateway in front says which scheme that was."""
    return f"{request.headers.get('X-Forwarded-Proto', request.scheme)}://{request.host}"


def _plain(answer: Answer) -> web.Response:
    if answer.body is None:
        return web.Response(status=answer.status, headers=answer.headers)
    return web.Response(
        status=answer.status,
        text=dumps(answer.body),
        headers=answer.headers,
        content_type="application/json",
        charset="UTF-8",
    )
