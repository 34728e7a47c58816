"""The Workday simulator: its doors, its refusals, and the control routes that play its people."""

import random
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.faults import Fault
from throughline.sandbox.shelf import Shelf
from throughline.sandbox.simulator import CONTROL, Simulator
from throughline.sandbox.workday import firm, soap
from throughline.sandbox.workday.auth import Auth
from throughline.sandbox.workday.controls import Hands
from throughline.sandbox.workday.history import History
from throughline.sandbox.workday.limits import Limits
from throughline.sandbox.workday.organizations import Organizations
from throughline.sandbox.workday.rest import Rest
from throughline.sandbox.workday.seed import seed
from throughline.sandbox.workday.workers import Workers

type Record = dict[str, Any]


class Workday(Simulator):
    """One tenant. `wall` is the clock its clients wait by when they were too fast."""

    name = "workday"

    def __init__(
        self, *, clock: SandboxClock, shelf: Shelf, chance: random.Random, wall: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(clock=clock, shelf=shelf, chance=chance)
        self.history = History(shelf, clock.now)
        # Numbered as well: after a restart chance begins again, and the tokens of before are still on the shelf.
        self.auth = Auth(shelf, clock.now, lambda: f"{shelf.next('tokens'):08x}{chance.getrandbits(224):056x}")
        self.limits = Limits(wall)
        workers, organizations = Workers(shelf, self.history), Organizations(shelf)
        staffing = {"Get_Workers_Request": workers.get, "Get_Organizations_Request": organizations.get}
        self._operations = {
            "Human_Resources": staffing,
            "Staffing": staffing,
            "Financial_Management": {"Get_Cost_Centers_Request": organizations.get_cost_centers},
        }
        self._rest = Rest(self.history, self.auth, clock.now)
        self._hands = Hands(shelf, self.history, clock.now)

    def routes(self) -> Iterable[web.RouteDef]:
        played = {
            "hire": self._hands.hire, "staff": self._hands.staff, "transfer": self._hands.transfer,
            "terminate": self._hands.terminate, "rescind": self._hands.rescind,
            "cost-centre": self._hands.rename_cost_centre, "limits": self._change_limits, "revoke": self._revoke,
        }  # fmt: skip
        return [
            web.post("/ccx/oauth2/{tenant}/token", self.auth.token),
            web.get("/ccx/service/customreport2/{tenant}/{owner}/{report}", self._bounded(self._rest.report)),
            web.post("/ccx/service/{tenant}/{service}/{version:v\\d+\\.\\d+}", self._soap),
            web.get("/ccx/api/common/v1/{tenant}/workers", self._bounded(self._rest.workers)),
            web.get("/ccx/api/common/v1/{tenant}/workers/{id}", self._bounded(self._rest.worker)),
            *(web.post(f"{CONTROL}/{name}", _played(act)) for name, act in played.items()),
        ]

    def seed(self) -> None:
        seed(self.shelf, self.history, self.clock.now())

    def handout(self) -> Record:
        return {
            "tenant": firm.TENANT, "client_id": firm.CLIENT_ID, "client_secret": firm.CLIENT_SECRET,
            "refresh_token": firm.REFRESH_TOKEN, "username": f"{firm.ISU}@{firm.TENANT}",
            "password": firm.ISU_PASSWORD, "report": f"{firm.REPORT_OWNER}/{firm.REPORT}",
        }  # fmt: skip

    def refuse(self, fault: Fault) -> web.Response:
        """Asked for anything, Workday words its refusals as the door does that is used most: SOAP."""
        match fault.kind:
            case "throttle":
                return soap.too_many(fault.retry_after or 1).answer()
            case "lock":
                return soap.processing("The task submitted is not authorized or is locked: try again later.").answer()
            case "maintenance":
                page = "<html><body><h1>Workday is currently unavailable.</h1></body></html>"
                return web.Response(status=503, text=page, content_type="text/html")
            case _:
                return web.Response(status=fault.status, text="", content_type="text/html")

    async def _soap(self, request: web.Request) -> web.Response:
        try:
            return self._answered(request, await request.read())
        except soap.Fault as fault:
            return fault.answer()

    def _answered(self, request: web.Request, body: bytes) -> web.Response:
        if wait := self.limits.take():
            raise soap.too_many(wait)
        header, asked = soap.read(body)
        known = self.auth.bearer(request) or self.auth.user(*soap.credentials(header))
        if request.match_info["tenant"] != firm.TENANT or not known:
            raise soap.Fault("Client.authenticationError", "invalid username or password")
        name = asked.tag.removeprefix(f"{{{soap.WD}}}")
        operation = self._operations.get(request.match_info["service"], {}).get(name)
        if operation is None:
            raise soap.invalid(f"Validation error occurred. Unknown request: {name}")
        return soap.answered(operation(asked, self.clock.now()), request.match_info["version"])

    def _bounded(self, handler: Callable[[web.Request], Awaitable[web.Response]]) -> Any:
        async def answer(request: web.Request) -> web.Response:
            if wait := self.limits.take():
                refusal = {"error": "too many requests"}
                return web.json_response(refusal, status=429, headers={"Retry-After": str(wait)})
            return await handler(request)

        return answer

    def _change_limits(self, wanted: Record) -> Record:
        now: Record = {"per_second": self.limits.per_second, "burst": self.limits.burst}
        self.limits.change(**{**now, **wanted})
        return {**now, **wanted}

    def _revoke(self, wanted: Record) -> Record:
        self.auth.revoke(revoked=bool(wanted.get("revoked", True)))
        return wanted


def _played(act: Callable[[Record], Record]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A control route; what cannot be played is refused with the reason."""

    async def route(request: web.Request) -> web.Response:
        try:
            return web.json_response(act(await request.json()))
        except (TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=422)

    return route
