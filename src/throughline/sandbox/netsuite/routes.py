"""The front door: who is calling, is there room, and who answers."""

import asyncio
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from throughline.sandbox.netsuite.auth import Auth
from throughline.sandbox.netsuite.calls import REST, Call, Reply, refusal
from throughline.sandbox.netsuite.gate import Gate
from throughline.sandbox.netsuite.jobs import Jobs
from throughline.sandbox.netsuite.oauth1 import Signed
from throughline.sandbox.netsuite.problems import Problem, login_refused, no_such_resource
from throughline.sandbox.netsuite.queries import Queries
from throughline.sandbox.netsuite.resources import Resources
from throughline.sandbox.netsuite.wire import write

TOKEN = f"{REST}/auth/oauth2/v1/token"


class Routes:
    def __init__(self, auth: Auth, gate: Gate, *, resources: Resources, queries: Queries) -> None:
        self._auth, self._gate = auth, gate
        self._resources, self._queries = resources, queries
        self.jobs = Jobs(resources.records.shelf, answer=self.work, delay=lambda: gate.limits.job_seconds)

    def listed(self) -> list[web.RouteDef]:
        return [web.post(TOKEN, self._token), web.route("*", REST + "/{rest:.*}", self._door)]

    def work(self, call: Call) -> Reply:
        """The answer to a call that may be made now."""
        match call.path[:3]:
            case ("record", "v1", *_):
                return self._resources.answer(call)
            case ("query", "v1", "suiteql") if len(call.path) == 3:
                return self._queries.answer(call)
            case _:
                raise no_such_resource("/".join(call.path))

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        return response(self._auth.token(form, base_of(request) + TOKEN))

    async def _door(self, request: web.Request) -> web.Response:
        try:
            with self._gate.enter():
                if not self._auth.admit(_signed(request)):
                    raise login_refused()
                call = await _call(request)
                if latency := self._gate.limits.latency:
                    await asyncio.sleep(latency)
                return response(self._answer(call))
        except Problem as problem:
            return response(refusal(problem))

    def _answer(self, call: Call) -> Reply:
        if call.path[:2] == ("async", "v1"):
            return self.jobs.ask(call)
        if call.prefers("respond-async"):
            return self.jobs.submit(call)
        return self.work(call)


def base_of(request: web.Request) -> str:
    """Scheme and host as the client knows them: a TLS gateway in front says which scheme that was."""
    return f"{request.headers.get('X-Forwarded-Proto', request.scheme)}://{request.host}"


def response(reply: Reply) -> web.Response:
    body = None if reply.body is None else write(reply.body).encode()
    headers: dict[str, Any] = dict(reply.headers)
    if body is not None:
        headers["Content-Type"] = reply.content_type
    return web.Response(status=reply.status, body=body, headers=headers)


def _signed(request: web.Request) -> Signed:
    url = request.rel_url
    return Signed(
        method=request.method,
        url=base_of(request).lower() + url.raw_path,
        query=url.raw_query_string,
        header=request.headers.get("Authorization", ""),
    )


async def _call(request: web.Request) -> Call:
    segments = request.rel_url.raw_path.removeprefix(REST).strip("/").split("/")
    return Call(
        method=request.method,
        path=tuple(unquote(segment) for segment in segments),
        query=dict(request.query),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.read(),
        base=base_of(request),
    )
