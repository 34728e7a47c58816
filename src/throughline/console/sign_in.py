"""Signing in and out: the page that asks, and what begins and ends a session."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

import structlog
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from throughline.console.guard import SESSION, cookie_name, keep_cookie, keep_form_token, who_asks
from throughline.console.login import LoginPage, SignedInPage
from throughline.console.rendering import render
from throughline.console.shell import Shell
from throughline.core.rights import Right, needs, open_to_all
from throughline.hub import sign_in
from throughline.hub.admission import Admission
from throughline.hub.sessions import ABSOLUTE
from throughline.hub.sign_in import PATIENCE, NotSignedIn

log = structlog.get_logger()

BEGUN = "throughline_sign_in"
WRONG = "That is not a key of a person. With the key Throughline was started with, say a name nobody else has."


class BareShell(Protocol):
    """A frame for a page that asks nobody."""

    def __call__(self, request: Request, title: str, *, signed_in: bool) -> Shell: ...


@dataclass(frozen=True, slots=True)
class SignIn:
    """`read` refuses a form that is not ours, and reads the others."""

    admission: Admission
    read: Callable[[Request], Awaitable[FormData]]
    shell: BareShell

    def routes(self) -> list[Route]:
        return [
            Route("/login", self._login, methods=["GET"]),
            Route("/login", self._sign_in, methods=["POST"]),
            Route("/login/service", self._to_the_service, methods=["GET"]),
            Route("/login/return", self._from_the_service, methods=["GET"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
        ]

    @open_to_all
    async def _login(self, request: Request) -> Response:
        if await self.admission.open():
            return RedirectResponse("/engagements", 303)
        return await self._page(request, request.query_params.get("next", "/"))

    @open_to_all
    async def _sign_in(self, request: Request) -> Response:
        form = await self.read(request)
        where, name = str(form.get("next", "/")), str(form.get("person", "")).strip()[:80]
        session = await self.admission.sign_in(name, str(form.get("key", "")).strip())
        if session is None:
            log.warning("console.refused")
            return await self._page(request, where, wrong=WRONG)
        answer = RedirectResponse(where if is_ours(where) else "/", 303)
        keep_cookie(request, answer, SESSION, session, seconds=int(ABSOLUTE.total_seconds()))
        return answer

    @needs(Right.READ)
    async def _sign_out(self, request: Request) -> Response:
        await self.read(request)
        name = cookie_name(request, SESSION)
        await self.admission.sign_out(request.cookies.get(name, ""), person=who_asks(request).name)
        answer = RedirectResponse("/login", 303)
        secure = request.url.scheme == "https"
        answer.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")
        return answer

    @open_to_all
    async def _to_the_service(self, request: Request) -> Response:
        where = request.query_params.get("next", "/")
        back = str(request.url.replace(path="/login/return", query=""))
        try:
            begun = await sign_in.begin(self.admission.machine, back=back, then=where if is_ours(where) else "/")
        except NotSignedIn as error:
            return await self._page(request, where, wrong=str(error))
        answer = RedirectResponse(begun.address, 303)
        keep_cookie(request, answer, BEGUN, begun.kept, seconds=int(PATIENCE.total_seconds()), lax=True)
        return answer

    @open_to_all
    async def _from_the_service(self, request: Request) -> Response:
        kept = request.cookies.get(cookie_name(request, BEGUN), "")
        try:
            session, where = await sign_in.finish(self.admission.machine, kept, request.url.query)
        except NotSignedIn as error:
            log.warning("console.refused", why=str(error))
            return await self._page(request, "/", wrong=str(error))
        page = SignedInPage(shell=self.shell(request, "Signed in", signed_in=False), next=where)
        answer = HTMLResponse(render(page))
        answer.delete_cookie(
            cookie_name(request, BEGUN), path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax"
        )
        keep_cookie(request, answer, SESSION, session, seconds=int(ABSOLUTE.total_seconds()))
        return answer

    async def _page(self, request: Request, where: str, *, wrong: str = "") -> Response:
        shell, here = self.shell(request, "Sign in", signed_in=False), where if is_ours(where) else "/"
        service = await sign_in.rules(self.admission.machine)
        url = f"/login/service?next={quote(here, safe='')}" if service else ""
        page = LoginPage(shell=shell, action="/login", next=here, wrong=wrong, service_url=url)
        return keep_form_token(request, HTMLResponse(render(page), 403 if wrong else 200))


def is_ours(path: str) -> bool:
    """A place of our own: whoever signs in is never led elsewhere."""
    return path.startswith("/") and not path.startswith(("//", "/\\"))
