"""The console's routes: pages, their fragments and twins, what people decide, and the live line."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from throughline.console import twins
from throughline.console.desk import Desk
from throughline.console.desk_forms import DeskForms
from throughline.console.error import ErrorPage
from throughline.console.files import Files
from throughline.console.from_hub import wording
from throughline.console.guard import (
    Guarded,
    declared,
    form_token,
    keep_form_token,
    who_asks,
    why_forged,
)
from throughline.console.meaning import MEANING, meaning
from throughline.console.pages import Elsewhere, Pages
from throughline.console.people_forms import PeopleForms
from throughline.console.proofs import proofs
from throughline.console.rendering import LivePage, fingerprint, render, render_fragment, static_folder
from throughline.console.shell import Crumb, Shell, navigation
from throughline.console.sign_in import SignIn, is_ours
from throughline.core.rights import Right, needed_by, needs
from throughline.hub import cancels, holds
from throughline.hub.admission import Admission
from throughline.hub.cancels import Wish
from throughline.hub.machine import Machine
from throughline.hub.pulse import Pulse

log = structlog.get_logger()

type Asked = Callable[[Request], Awaitable[LivePage]]

HEARTBEAT_SECONDS = 15.0
LARGEST_FORM = 64 * 1024
# A page of ticked holds, and what is done to them.
MOST_FIELDS = 200
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Console:
    """The console of one machine."""

    machine: Machine
    admission: Admission
    pulse: Pulse
    pages: Pages

    def application(self) -> ASGIApp:
        pages = self.pages
        routes = [
            Route("/", self._home),
            Route("/live", self._live),
            *SignIn(self.admission, self._form, self._bare_shell).routes(),
            *PeopleForms(self.machine, self.pages, self._form).routes(),
            Route("/engagements.csv", self._file("engagements", pages.all_engagements)),
            Route("/systems.csv", self._file("systems", pages.all_systems)),
            Route("/find.csv", self._file("found", pages.all_found)),
            *self._faces("/find", pages.find),
            Route("/audit.csv", self._file("audit", pages.audit.all_leaves)),
            *self._faces("/audit", pages.audit.log),
            *proofs(pages.audit),
            *self._faces("/engagements", pages.engagements),
            *Desk(self.machine, pages).routes(self._faces, self._file),
            Route("/reconciliation.csv", self._file("breaks", pages.all_breaks)),
            *self._faces("/reconciliation", pages.reconciliation),
            *self._faces("/systems", pages.systems),
            *Files(self.machine, pages).routes(),
            *self._faces("/overview", pages.overview),
            *self._faces("/kpis", pages.kpis),
            *self._faces("/clocks", pages.clocks),
            *self._faces("/boards/{name}", pages.board),
            Route("/engagements/{id}/values.csv", self._file("values", pages.all_values)),
            *self._faces("/engagements/{id}/values", pages.values),
            Route("/people.csv", self._file("people", pages.people.all_people)),
            *self._faces("/people", pages.people.everybody),
            *self._faces("/people/{name}", pages.people.person),
            *self._faces("/engagements/{id}", pages.engagement),
            *self._faces("/holds/{id}", pages.hold),
            *DeskForms(self.machine, pages, self._form).routes(),
            *self._faces("/reconciliation/{id}", pages.break_),
            Route("/holds/{id}/answer", self._answer, methods=["POST"]),
            Route("/holds/{id}/release", self._release, methods=["POST"]),
            Route("/runs/{id}/cancel", self._cancel, methods=["POST"]),
            Mount("/static", _Static(directory=static_folder())),
        ]
        handlers: dict[Any, Any] = dict.fromkeys((*MEANING, Exception), self._failed)
        console = Starlette(routes=routes, exception_handlers=handlers)
        return Guarded(console, self.admission, declared(routes), self._failed)

    def _faces(self, path: str, asked: Asked) -> list[Route]:
        """A page, the part of it that lives, and the same facts for programs."""

        async def whole(request: Request) -> Response:
            try:
                page = await asked(request)
            except Elsewhere as other:
                return RedirectResponse(other.address, 303)
            return keep_form_token(request, HTMLResponse(render(page)))

        async def fragment(request: Request) -> Response:
            try:
                return HTMLResponse(render_fragment(await asked(request)))
            except Elsewhere:
                # The page that asks was drawn when it had this address; it stays as it is until somebody reloads it.
                return Response(status_code=204)

        async def facts(request: Request) -> Response:
            try:
                return twins.as_json(await asked(request))
            except Elsewhere as other:
                return RedirectResponse(f"{other.address}.json", 303)

        for face in (whole, fragment, facts):
            face.__dict__.update(needs=needed_by(asked))
        return [Route(f"{path}/fragment", fragment), Route(f"{path}.json", facts), Route(path, whole)]

    def _file(self, name: str, rows: Callable[[Request], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def file(request: Request) -> Response:
            return twins.as_csv(name, rows(request))

        file.__dict__.update(needs=needed_by(rows))
        return file

    @needs(Right.READ)
    async def _home(self, _: Request) -> Response:
        return RedirectResponse("/engagements", 303)

    @needs(Right.READ)
    async def _live(self, _: Request) -> Response:
        """One line for each tab. It says that something happened, never what: the page asks again for itself."""
        return StreamingResponse(self._hints(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def _hints(self) -> AsyncGenerator[str]:
        async with self.pulse.listen() as listener:
            # What happened between drawing the page and listening is made up for at once.
            yield "retry: 3000\nevent: hint\ndata: {}\n\n"
            while not self.pulse.over:
                happened = await listener.heard(within=HEARTBEAT_SECONDS)
                yield "event: hint\ndata: {}\n\n" if happened else ": still here\n\n"

    @needs(Right.DECIDE)
    async def _answer(self, request: Request) -> Response:
        form = await self._form(request)
        choice, reason = str(form.get("choice", "")), str(form.get("reason", "")).strip() or None
        person = who_asks(request).name
        decided = await holds.answer(self.machine, request.path_params["id"], choice, person=person, reason=reason)
        return RedirectResponse(_back(request, decided["correlation"]), 303)

    @needs(Right.DECIDE)
    async def _release(self, request: Request) -> Response:
        form = await self._form(request)
        reason = str(form.get("reason", "")).strip() or None
        person = who_asks(request).name
        decided = await holds.release(self.machine, request.path_params["id"], person=person, reason=reason)
        return RedirectResponse(_back(request, decided["correlation"]), 303)

    @needs(Right.CANCEL)
    async def _cancel(self, request: Request) -> Response:
        form = await self._form(request)
        wish = Wish(who_asks(request).name, str(form.get("reason", "")).strip() or "no reason was given", undo=False)
        told = await cancels.cancel(self.machine, request.path_params["id"], wish)
        return RedirectResponse(_back(request, told["correlation"]), 303)

    async def _form(self, request: Request) -> FormData:
        said = request.headers.get("content-length", "")
        if not said.isdigit() or int(said) > LARGEST_FORM:
            raise HTTPException(413)
        form = await request.form(max_files=0, max_fields=MOST_FIELDS)
        if why := why_forged(request, str(form.get("csrf_token", "")), self.admission):
            raise HTTPException(403, why)
        return form

    async def _failed(self, request: Request, error: Exception) -> Response:
        status, what, why, fix = meaning(error)
        if status >= 500:
            log.error("console.failed", path=request.url.path, exc_info=error)
        page = ErrorPage(
            shell=self._bare_shell(request, what),
            code=str(status),
            what=what,
            why=why,
            fix=fix,
            back_href="/engagements",
            back_text="To the engagements",
            reference=getattr(request.state, "trace_id", ""),
        )
        return HTMLResponse(render(page), status)

    def _bare_shell(self, request: Request, title: str, *, signed_in: bool = True) -> Shell:
        """A frame that asks nobody: it must be there when the database is not."""
        return Shell(
            title=title,
            section="",
            crumbs=(Crumb(title),),
            nav=navigation() if signed_in else (),
            environment="Throughline",
            environment_detail="",
            environment_tone="acc",
            live_url="",
            now=wording.now_is(self.machine.clock()),
            csrf_token=form_token(request),
        )


class _Static(StaticFiles):
    """A file asked for under its fingerprint, or below its version, never changes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        asked = scope["query_string"].decode("latin-1")
        known = path.startswith("vendor/") or (
            asked and (static_folder() / path).is_file() and asked == fingerprint(path)
        )
        response.headers["Cache-Control"] = FOR_EVER if known else "no-cache"
        return response


def _back(request: Request, engagement: str) -> str:
    """To the page the form was on, if it is one of ours; else to the engagement."""
    path = urlsplit(request.headers.get("referer", "")).path
    return path if path.startswith(("/engagements/", "/holds/")) and is_ours(path) else f"/engagements/{engagement}"


def console(machine: Machine, admission: Admission, pulse: Pulse) -> ASGIApp:
    """The console, behind its guard."""
    return Console(machine, admission, pulse, Pages(machine, admission)).application()
