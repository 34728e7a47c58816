"""The console's guard: who may see it, and the headers that keep a page to itself."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import asyncpg
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from throughline.console.rendering import CONTENT_SECURITY_POLICY
from throughline.core.declared import Declared, at, nowhere
from throughline.core.rights import ALL, OPEN, Right, Who, needed_by
from throughline.hub import eyes
from throughline.hub.admission import Admission, is_loopback
from throughline.hub.seal import Broken
from throughline.store.seen_by import EVERYTHING, seeing

SESSION, FORM = "throughline_session", "throughline_form"
FILES = "/static/"
SOMEBODY = "console"

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: a form would then say that it comes from nowhere, and be refused.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True, slots=True)
class Guarded:
    """Lets in who may come in and may do this, says who it is, and puts the headers on whatever is answered."""

    app: ASGIApp
    admission: Admission
    addresses: tuple[Declared, ...]
    failed: Callable[[Request, Exception], Awaitable[Response]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refused = await self._refused(scope)
        who = scope["state"]["who"]
        # Whoever asks sees only what is theirs to see, whichever statement reads it.
        with seeing(await eyes.of(self.admission.machine, who) if who and not refused else EVERYTHING):
            await (refused or self.app)(scope, receive, answer)

    async def _refused(self, scope: Scope) -> Response | None:
        request = Request(scope)
        kept = request.cookies.get(cookie_name(request, FORM), "")
        token = kept if is_form_token(kept, self.admission) else self.admission.new_form_token()
        scope.setdefault("state", {}).update(who=None, form_token=token)
        try:
            everybody = await self.admission.open()
            if everybody and not is_loopback(request.headers.get("host", "")):
                text = (
                    "This name is not answered here. Use http://127.0.0.1 or localhost, or set THROUGHLINE_API_KEY.\n"
                )
                return PlainTextResponse(text, 421)
            who = Who(SOMEBODY, ALL) if everybody else await self._who(request)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return None if _is_file(request) else await self.failed(request, error)
        scope["state"]["who"] = who
        return await self._may(request, who)

    async def _may(self, request: Request, who: Who | None) -> Response | None:
        # As the router sees it: a URL is written and read once more, and may come out as another.
        path = request.scope["path"]
        asked = at(self.addresses, request.method, path)
        if (asked and asked.needs == OPEN) or _is_file(request):
            return None
        if who is None:
            return _to_the_login(request)
        if nowhere(self.addresses, path):
            return await self.failed(request, HTTPException(404))
        needs = asked.needs if asked and isinstance(asked.needs, Right) else None
        return await self.failed(request, Missing(needs)) if asked and not who.may(needs) else None

    async def _who(self, request: Request) -> Who | None:
        shown = await self.admission.bearer(request.headers.get("authorization", ""), called=SOMEBODY)
        # What a page asks for by itself is nothing a person did: an open tab alone keeps nobody signed in.
        kept = request.cookies.get(cookie_name(request, SESSION), "")
        return shown or await self.admission.signed_in(kept, active=not _is_part(request))


class Missing(Exception):
    """Whoever asks is let in, and may not do this."""

    def __init__(self, right: Right | None) -> None:
        super().__init__(f"The right “{right}” is missing." if right else "This is for admins only.")
        self.right = right


def declared(routes: Iterable[BaseRoute]) -> tuple[Declared, ...]:
    """Every address of the console, with the right it needs."""
    return tuple(
        Declared(method, route.path, needed_by(route.endpoint))
        for route in routes
        if isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"})
    )


def who_asks(request: Request) -> Who:
    """Who was let in; the guard has looked."""
    return request.state.who


def _is_file(request: Request) -> bool:
    return request.scope["path"].startswith(FILES)


def _to_the_login(request: Request) -> Response:
    if request.method != "GET" or "text/html" not in request.headers.get("accept", "") or _is_part(request):
        return PlainTextResponse("Sign in first: /login\n", 401, {"WWW-Authenticate": "Bearer"})
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?next={quote(here, safe='')}", 303)


def form_token(request: Request) -> str:
    """The token for this browser's forms; the same as long as the browser keeps it, so that a form stays good."""
    return request.state.form_token


def keep_form_token(request: Request, response: Response) -> Response:
    """Give the browser its half of the token, unless it has it."""
    if request.cookies.get(cookie_name(request, FORM)) != form_token(request):
        keep_cookie(request, response, FORM, form_token(request))
    return response


def is_form_token(text: str, admission: Admission) -> bool:
    try:
        admission.seal.open("form", text)
    except Broken:
        return False
    return True


def keep_cookie(
    request: Request, response: Response, name: str, value: str, *, seconds: int | None = None, lax: bool = False
) -> None:
    """`lax` for what must come back with a visitor whom another site sends to us."""
    response.set_cookie(
        cookie_name(request, name), value, max_age=seconds, httponly=True, samesite="lax" if lax else "strict",
        secure=request.url.scheme == "https", path="/",
    )  # fmt: skip


def cookie_name(request: Request, name: str) -> str:
    """Over https no other name of the domain may have set it: browsers refuse them that prefix."""
    return f"__Host-{name}" if request.url.scheme == "https" else name


def why_forged(request: Request, given: str, admission: Admission) -> str:
    """Why this form cannot be ours; "" when it is. The browser says where it comes from, and both halves must fit."""
    headers: Headers = request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site != "same-origin":
        return "The browser says that this form comes from another site."
    if origin is not None and urlsplit(origin).netloc != headers.get("host"):
        return "The browser says that this form comes from another address."
    kept = request.cookies.get(cookie_name(request, FORM), "")
    if not given or given != kept or not is_form_token(given, admission):
        return "The form is too old, or the browser keeps no cookies."
    return ""


def _is_part(request: Request) -> bool:
    """A part of a page: whoever asks for it cannot follow to a login page."""
    return "hx-request" in request.headers or request.url.path.endswith(("/fragment", "/live"))
