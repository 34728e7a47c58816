"""Oracle NetSuite, pretended: REST records, SuiteQL and asynchronous jobs over one shelf.

The account is HALYARD_SB1; its host behind the gateway is halyard-sb1.suitetalk.api.netsuite.com. How to query
`lastmodifieddate` safely is written in `suiteql_values`.
"""

import hashlib
import hmac
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import ClassVar
from zoneinfo import ZoneInfo

from aiohttp import web

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.faults import Fault
from throughline.sandbox.netsuite.accountants import Accountants
from throughline.sandbox.netsuite.auth import Auth
from throughline.sandbox.netsuite.calls import refusal
from throughline.sandbox.netsuite.catalogue import TYPES, named
from throughline.sandbox.netsuite.clerks import Clerks
from throughline.sandbox.netsuite.gate import Gate
from throughline.sandbox.netsuite.ledger import books, payment_of
from throughline.sandbox.netsuite.moments import stamp
from throughline.sandbox.netsuite.problems import Problem, changed, no_such_resource, too_many, unexpected
from throughline.sandbox.netsuite.queries import Queries
from throughline.sandbox.netsuite.records import Edit, Records
from throughline.sandbox.netsuite.resources import Resources, body_of
from throughline.sandbox.netsuite.routes import Routes, response
from throughline.sandbox.netsuite.schema import RecordType
from throughline.sandbox.netsuite.seed import seed
from throughline.sandbox.shelf import Shelf
from throughline.sandbox.simulator import CONTROL, Simulator

ACCOUNT, HOST = "HALYARD_SB1", "halyard-sb1.suitetalk.api.netsuite.com"
WEBHOOK_SECRET = b"netsuite-webhook-secret"
_CLOSED = """<!DOCTYPE html>
<html><head><title>NetSuite - Scheduled Maintenance</title></head>
<body><h1>NetSuite is temporarily unavailable</h1>
<p>Your account is currently unavailable because of scheduled maintenance. Please try again later.</p></body></html>
"""


class NetSuite(Simulator):
    """`wall` is the clock its clients stamp their signatures with; `time_zone` is the account's."""

    name: ClassVar[str] = "netsuite"
    body_limit: ClassVar[int] = 104 * 2**20

    def __init__(
        self,
        *,
        clock: SandboxClock,
        shelf: Shelf,
        chance: random.Random,
        public_key_pem: bytes | None = None,
        time_zone: str = "America/Los_Angeles",
        wall: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(clock=clock, shelf=shelf, chance=chance)
        self._wall = wall
        zone = ZoneInfo(time_zone)
        self.gate = Gate(shelf)
        self.auth = Auth(shelf, account=ACCOUNT, now=clock.now, wall=wall, public_key_pem=public_key_pem)
        self.records = Records(
            shelf,
            now=clock.now,
            zone=zone,
            announce=self._announce,
            duplicate_code=lambda: self.gate.limits.duplicate_code,
        )
        self._routes = Routes(
            self.auth, self.gate, resources=Resources(self.records, zone), queries=Queries(shelf, zone, clock.now)
        )

    def handout(self) -> dict[str, str]:
        """Credentials: account, client_id, certificate_id, private_key, consumer_key/secret, token_id/secret."""
        return {**self.auth.handout(), "host": HOST, "webhook_secret": WEBHOOK_SECRET.decode()}

    def routes(self) -> Iterable[web.RouteDef]:
        return [
            *self._routes.listed(),
            web.post(f"{CONTROL}/limits", self._limit),
            web.post(f"{CONTROL}/revoke", self._revoke),
            web.get(f"{CONTROL}/logins", self._logins),
            web.get(f"{CONTROL}/books", self._books),
            web.post(f"{CONTROL}/payments", self._receive_payment),
            *Accountants(self.records).routes(),
            *Clerks(self.records).routes(),
            web.post(f"{CONTROL}/records/{{type}}", self._edit_by_hand),
            web.delete(f"{CONTROL}/records/{{type}}/{{key}}", self._delete_by_hand),
        ]

    def app(self) -> web.Application:
        app = super().app()
        app.on_startup.append(self._resume)
        app.on_cleanup.insert(0, self._rest)
        return app

    def seed(self) -> None:
        self.auth.restore()
        self.records.index.forget()
        seed(self.records)

    def refuse(self, fault: Fault) -> web.Response:
        match fault.kind:
            case "throttle":
                problem = too_many(self.gate.limits.concurrency_code)
                if fault.retry_after is not None:
                    problem.headers["Retry-After"] = str(fault.retry_after)
            case "lock":
                problem = changed()
            case "maintenance":
                return web.Response(status=503, text=_CLOSED, content_type="text/html")
            case _:
                problem = unexpected(f"{self.chance.getrandbits(64):016x}", fault.status)
        return response(refusal(problem))

    def sign(self, body: bytes) -> dict[str, str]:
        at = str(int(self._wall()))
        signature = hmac.new(WEBHOOK_SECRET, at.encode() + b"." + body, hashlib.sha256).hexdigest()
        return {"X-Throughline-Timestamp": at, "X-Throughline-Signature": f"v1={signature}"}

    def _announce(self, type_: RecordType, id_: str, operation: str, actor: str) -> None:
        self.courier.notify(
            {
                "id": f"{self.chance.getrandbits(128):032x}",
                "recordType": type_.name,
                "recordId": id_,
                "operation": operation,
                "at": stamp(self.clock.now()),
                "actor": actor,
            }
        )

    async def _resume(self, _app: web.Application) -> None:
        self._routes.jobs.resume()

    async def _rest(self, _app: web.Application) -> None:
        await self._routes.jobs.stop()

    # The control interface

    async def _limit(self, request: web.Request) -> web.Response:
        try:
            return web.json_response(asdict(self.gate.set(await request.json())))
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=422)

    async def _revoke(self, _request: web.Request) -> web.Response:
        self.auth.revoke()
        return web.json_response({"revoked": "every token"})

    async def _logins(self, _request: web.Request) -> web.Response:
        return web.json_response(list(self.auth.logins))

    async def _books(self, _request: web.Request) -> web.Response:
        return web.json_response(books(self.shelf))

    async def _receive_payment(self, request: web.Request) -> web.Response:
        """A customer pays: {"invoice": its id, number or external id, "amount": all that is open if not said}."""
        try:
            told = body_of(await request.read())
            body = payment_of(self.shelf, str(told.get("invoice", "")), told.get("amount"))
            written = self.records.create(TYPES["customerPayment"], Edit(body=body, actor=_user(request)))
        except Problem as problem:
            return web.json_response({"error": problem.detail}, status=422)
        return web.json_response(self._paid(written.id), status=201)

    def _paid(self, id_: str) -> dict[str, str]:
        payment = self.shelf.all("customerPayment")[id_]
        invoice = self.shelf.all("invoice")[payment["apply"][0]["doc"]]
        return {
            "id": id_,
            "number": payment["tranId"],
            "amount": payment["payment"],
            "currency": self.shelf.all("currency")[payment["currency"]]["symbol"],
            "invoice": invoice["tranId"],
            "remaining": invoice["amountRemaining"],
        }

    async def _edit_by_hand(self, request: web.Request) -> web.Response:
        """What a person does in the user interface: with an `id` an edit, without one a new record."""
        try:
            type_ = _type(request)
            body = body_of(await request.read())
            replace = frozenset(name for name in request.query.get("replace", "").split(",") if name)
            edit = Edit(body=body, actor=_user(request), strict=True, replace=replace)
            id_ = body.get("id")
            written = self.records.edit(type_, str(id_), edit) if id_ else self.records.create(type_, edit)
        except Problem as problem:
            return response(refusal(problem))
        return web.json_response({"id": written.id}, status=200 if id_ else 201)

    async def _delete_by_hand(self, request: web.Request) -> web.Response:
        try:
            self.records.delete(_type(request), request.match_info["key"], actor=_user(request))
        except Problem as problem:
            return response(refusal(problem))
        return web.Response(status=204)


def _type(request: web.Request) -> RecordType:
    type_ = named(request.match_info["type"])
    if type_ is None:
        raise no_such_resource(request.match_info["type"])
    return type_


def _user(request: web.Request) -> str:
    return request.query.get("user", "accountant.uk@halyard.example")
