"""OAuth 2: a code for five minutes, and a token that never expires, only gets revoked."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web

from throughline.sandbox.kantata.bodies import body
from throughline.sandbox.kantata.errors import unauthorized
from throughline.sandbox.kantata.settings import HOME
from throughline.sandbox.shelf import Shelf

TOKEN = "kantata-sandbox-token"
CLIENT_ID, CLIENT_SECRET = "kantata-sandbox-client", "kantata-sandbox-secret"
CODE_LIVES = timedelta(minutes=5)


class Auth:
    def __init__(self, shelf: Shelf, now: Callable[[], datetime], mint: Callable[[], str]) -> None:
        self._shelf, self._now, self._mint = shelf, now, mint

    def check(self, request: web.Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._accepted(token.strip()):
            raise unauthorized()

    async def authorize(self, request: web.Request) -> web.Response:
        """The account's administrator says yes at once."""
        query = request.query
        if query.get("client_id") != CLIENT_ID:
            return _oauth_error("invalid_client", "Client authentication failed due to unknown client.", 401)
        if query.get("response_type", "code") != "code" or not query.get("redirect_uri"):
            return _oauth_error("invalid_request", "response_type=code and a redirect_uri are required.", 400)
        code = self._mint()
        self._shelf.create(
            HOME, f"code {code}", {"until": (self._now() + CODE_LIVES).isoformat(), "uri": query["redirect_uri"]}
        )
        answer = {"code": code, **({"state": query["state"]} if "state" in query else {})}
        return web.Response(status=302, headers={"Location": _with_query(query["redirect_uri"], answer)})

    async def token(self, request: web.Request) -> web.Response:
        asked = await body(request)
        if (asked.get("client_id"), asked.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _oauth_error("invalid_client", "Client authentication failed.", 401)
        if asked.get("grant_type") != "authorization_code":
            return _oauth_error("unsupported_grant_type", "The grant type is not supported.", 400)
        if not self._redeem(asked):
            return _oauth_error("invalid_grant", "The code is invalid, expired, or used.", 400)
        token = self._mint()
        self._shelf.create(HOME, f"token {token}", {"revoked": False})
        return web.json_response({"access_token": token, "token_type": "bearer"})

    def revoke(self, token: str, *, revoked: bool = True) -> None:
        write = self._shelf.update if self._shelf.get(HOME, f"token {token}") else self._shelf.create
        write(HOME, f"token {token}", {"revoked": revoked})

    def _accepted(self, token: str) -> bool:
        known: dict[str, Any] | None = self._shelf.get(HOME, f"token {token}")
        return not known["revoked"] if known else token == TOKEN

    def _redeem(self, asked: dict[str, Any]) -> bool:
        """Once only, in time, and for the same address."""
        key = f"code {asked.get('code')}"
        code = self._shelf.get(HOME, key)
        if not code:
            return False
        self._shelf.delete(HOME, key)
        return datetime.fromisoformat(code["until"]) > self._now() and code["uri"] == asked.get("redirect_uri")


def _with_query(uri: str, answer: dict[str, str]) -> str:
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *answer.items()])))


def _oauth_error(error: str, description: str, status: int) -> web.Response:
    return web.json_response({"error": error, "error_description": description}, status=status)
