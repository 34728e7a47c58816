"""The guard: who may use the API, for what, and how much they may send."""

from dataclasses import dataclass

import asyncpg
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from throughline.api.edge import LARGEST_BODY, TooLarge, read_whole, replayed
from throughline.api.problems import problem
from throughline.core.declared import Declared, at, nowhere
from throughline.core.rights import ALL, OPEN, Right, Who
from throughline.hub import eyes
from throughline.hub.admission import Admission, is_loopback
from throughline.store.seen_by import EVERYTHING, seeing

CALLED = "api"


@dataclass(frozen=True, slots=True)
class Guarded:
    """Refuses before anything is parsed. Health is open: who asks for it has no key, and learns nothing else."""

    app: ASGIApp
    admission: Admission
    addresses: tuple[Declared, ...]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        trace = scope.get("state", {}).get("trace_id", "")
        if refused := await self._refused(scope, headers, trace):
            await refused(scope, receive, send)
            return
        if scope["method"] in {"POST", "PUT", "PATCH", "DELETE"}:
            try:
                receive = replayed(await read_whole(receive, headers, LARGEST_BODY), receive)
            except TooLarge:
                answer = problem("body_too_large", trace)
                answer.headers["Connection"] = "close"
                await answer(scope, receive, send)
                return
            except ConnectionResetError:
                return
        await self._let_through(scope, receive, send)

    async def _let_through(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whoever asks sees only what is theirs to see, whichever statement reads it."""
        who = scope.get("state", {}).get("who")
        with seeing(await eyes.of(self.admission.machine, who) if who else EVERYTHING):
            await self.app(scope, receive, send)

    async def _refused(self, scope: Scope, headers: Headers, trace: str) -> Response | None:
        asked = at(self.addresses, scope["method"], scope["path"])
        if asked and asked.needs == OPEN:
            return None
        try:
            everybody = await self.admission.open()
            if everybody and not is_loopback(headers.get("host", "")):
                return problem("misdirected", trace)
            embedded = Who(CALLED, ALL) if everybody else None
            who = embedded or await self.admission.bearer(headers.get("authorization", ""), called=CALLED)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return problem("unavailable", trace, detail="The database does not answer.")
        if who is None:
            return problem("unauthorized", trace)
        scope.setdefault("state", {})["who"] = who
        return self._not_allowed(scope["path"], asked, who, trace)

    def _not_allowed(self, path: str, asked: Declared | None, who: Who, trace: str) -> Response | None:
        if nowhere(self.addresses, path):
            return problem("not_found", trace, detail=f"There is nothing at {path}.")
        needs = asked.needs if asked and isinstance(asked.needs, Right) else None
        if asked and not who.may(needs):
            return problem("forbidden", trace, detail=missing(needs), right=needs)
        return None


def missing(right: Right | None) -> str:
    return f"The right `{right}` is missing." if right else "This is for admins only."
