"""The console's guard: who may see it, and the headers that keep a page to itself."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from throughline.console.rendering import CONTENT_SECURITY_POLICY
from throughline.hub.admission import Admission
from throughline.hub.seal import Broken

SESSION, FORM = "throughline_session", "throughline_form"
OPEN_TO_ALL = ("/static/", "/login")
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
    """Lets in who may come in, says who it is, and puts the headers on whatever is answered."""

    app: ASGIApp
    admission: Admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refused = self._refused(scope)
        await (refused or self.app)(scope, receive, answer)

    def _refused(self, scope: Scope) -> Response | None:
        request = Request(scope)
        if not self.admission.host_is_known(request.headers.get("host", "")):
            text = "This name is not answered here. Use http://127.0.0.1 or localhost, or set THROUGHLINE_API_KEY.\n"
            return PlainTextResponse(text, 421)
        person = self._person(request)
        kept = request.cookies.get(FORM, "")
        token = kept if is_form_token(kept, self.admission) else self.admission.new_form_token()
        scope.setdefault("state", {}).update(person=person or "", form_token=token)
        if person or request.url.path.startswith(OPEN_TO_ALL):
            return None
        if request.method != "GET" or "text/html" not in request.headers.get("accept", "") or _is_part(request):
            return PlainTextResponse("Sign in first: /login\n", 401, {"WWW-Authenticate": "Bearer"})
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(here, safe='')}", 303)

    def _person(self, request: Request) -> str | None:
        if self.admission.open or self.admission.bearer(request.headers.get("authorization", "")):
            return SOMEBODY
        return self.admission.person(request.cookies.get(SESSION, ""))


def form_token(request: Request) -> str:
    """The token for this browser's forms; the same as long as the browser keeps it, so that a form stays good."""
    return request.state.form_token


def keep_form_token(request: Request, response: Response) -> Response:
    """Give the browser its half of the token, unless it has it."""
    if request.cookies.get(FORM) != form_token(request):
        keep_cookie(request, response, FORM, form_token(request))
    return response


def is_form_token(text: str, admission: Admission) -> bool:
    try:
        admission.seal.open("form", text)
    except Broken:
        return False
    return True


def keep_cookie(request: Request, response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/"
    )


def why_forged(request: Request, given: str, admission: Admission) -> str:
    """Why this form cannot be ours; "" when it is. The browser says where it comes from, and both halves must fit."""
    headers: Headers = request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site != "same-origin":
        return "The browser says that this form comes from another site."
    if origin is not None and urlsplit(origin).netloc != headers.get("host"):
        return "The browser says that this form comes from another address."
    kept = request.cookies.get(FORM, "")
    if not given or given != kept or not is_form_token(given, admission):
        return "The form is too old, or the browser keeps no cookies."
    return ""


def _is_part(request: Request) -> bool:
    """A part of a page: whoever asks for it cannot follow to a login page."""
    return "hx-request" in request.headers or request.url.path.endswith(("/fragment", "/live"))
