"""REST and reports: workers a client may search by name, and a custom report as JSON."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from throughline.sandbox.workday import firm
from throughline.sandbox.workday.auth import Auth
from throughline.sandbox.workday.history import AsOf, History, Record
from throughline.sandbox.workday.workers import name

USUAL, LARGEST = 20, 100


class Rest:
    """https://community.workday.com/sites/default/files/file-hosting/restapi, service `common`, version 1."""

    def __init__(self, history: History, auth: Auth, now: Callable[[], datetime]) -> None:
        self._history, self._auth, self._now = history, auth, now

    async def workers(self, request: web.Request) -> web.Response:
        if refusal := self._stranger(request):
            return refusal
        try:
            limit = min(int(request.query.get("limit", USUAL)), LARGEST)
            offset = int(request.query.get("offset", 0))
        except ValueError:
            return web.json_response({"error": "invalid limit or offset"}, status=400)
        # Whoever left is not listed: the collection is of workers there are.
        words = request.query.get("search", "").casefold().split()
        active = [(worker, state) for worker, state in self._all() if state["active"]]
        found = [each for each in active if all(word in name(each[1]).casefold() for word in words)]
        page = [self._summary(request, *each) for each in found[offset : offset + limit]]
        return web.json_response({"total": len(found), "data": page})

    async def worker(self, request: web.Request) -> web.Response:
        if refusal := self._stranger(request):
            return refusal
        for worker, state in self._all():
            if worker["wid"] == request.match_info["id"]:
                return web.json_response(self._summary(request, worker, state))
        return web.json_response({"error": "resource not found"}, status=404)

    async def report(self, request: web.Request) -> web.Response:
        """A report lets in an integration user by name and password, or a token."""
        if not (self._auth.basic(request) or self._auth.bearer(request)):
            return web.json_response({"error": "invalid username or password"}, status=401)
        owner, report = request.match_info["owner"], request.match_info["report"]
        if (request.match_info["tenant"], owner, report) != (firm.TENANT, firm.REPORT_OWNER, firm.REPORT):
            return web.json_response({"error": "The report does not exist, or you may not see it."}, status=404)
        entries = [
            {"Employee_ID": worker["number"], "Worker": name(state), "Email": state["email"],
             "Company": state["company"], "Active": "1" if state["active"] else "0"}
            for worker, state in self._all()
        ]  # fmt: skip
        return web.json_response({"Report_Entry": entries})

    def _stranger(self, request: web.Request) -> web.Response | None:
        if request.match_info["tenant"] != firm.TENANT:
            return web.json_response({"error": "resource not found"}, status=404)
        return None if self._auth.bearer(request) else web.json_response({"error": "invalid_token"}, status=401)

    def _all(self) -> list[tuple[Record, Record]]:
        at = AsOf(self._now().date(), self._now())
        return [(each, state) for each in self._history.workers() if (state := self._history.state(each, at))]

    def _summary(self, request: web.Request, worker: Record, state: Record) -> dict[str, Any]:
        href = f"{request.url.origin()}/ccx/api/common/v1/{firm.TENANT}/workers/{worker['wid']}"
        return {
            "id": worker["wid"], "descriptor": name(state), "href": href, "businessTitle": state["title"],
            "primaryWorkEmail": state["email"], "isManager": state["title"] in {"Partner", "Project Manager"},
        }  # fmt: skip
