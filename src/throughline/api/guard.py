"""The guard: who may use the API, under which name, and how much they may send."""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from throughline.api.edge import LARGEST_BODY, TooLarge, read_whole, replayed
from throughline.api.problems import problem
from throughline.hub.admission import Admission

OPEN_TO_ALL = "/health/"


@dataclass(frozen=True, slots=True)
class Guarded:
    """Refuses before anything is parsed. Health is open: who asks for it has no key, and learns nothing else."""

    app: ASGIApp
    admission: Admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        trace = scope.get("state", {}).get("trace_id", "")
        if refused := self._refused(scope["path"], headers):
            await problem(refused, trace)(scope, receive, send)
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
        await self.app(scope, receive, send)

    def _refused(self, path: str, headers: Headers) -> str | None:
        if path.startswith(OPEN_TO_ALL):
            return None
        if not self.admission.host_is_known(headers.get("host", "")):
            return "misdirected"
        if not self.admission.open and not self.admission.bearer(headers.get("authorization", "")):
            return "unauthorized"
        return None
