"""Who may come in: a refresh token is exchanged for an hour's access token; SOAP takes a user's password as well."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from throughline.sandbox.shelf import Shelf
from throughline.sandbox.workday import firm

HOME = "_sandbox"
LIVES = timedelta(hours=1)


class Auth:
    def __init__(self, shelf: Shelf, now: Callable[[], datetime], mint: Callable[[], str]) -> None:
        self._shelf, self._now, self._mint = shelf, now, mint

    async def token(self, request: web.Request) -> web.Response:
        """https://doc.workday.com, "Register API Clients for Integrations"."""
        if request.match_info["tenant"] != firm.TENANT:
            return _refused("invalid_request", 400)
        asked = dict(parse_qsl(await request.text()))
        if _client(request, asked) != (firm.CLIENT_ID, firm.CLIENT_SECRET):
            return _refused("invalid_client", 401)
        if asked.get("grant_type") != "refresh_token":
            return _refused("unsupported_grant_type", 400)
        if asked.get("refresh_token") != firm.REFRESH_TOKEN or self._revoked():
            return _refused("invalid_grant", 400)
        token = self._mint()
        self._shelf.create(HOME, f"token {token}", {"until": (self._now() + LIVES).isoformat()})
        said: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": int(LIVES.total_seconds())}
        # The non-expiring refresh token comes back as it was.
        return web.json_response({"refresh_token": firm.REFRESH_TOKEN, **said})

    def bearer(self, request: web.Request) -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        known: dict[str, Any] | None = self._shelf.get(HOME, f"token {token.strip()}")
        fresh = known is not None and datetime.fromisoformat(known["until"]) > self._now()
        return scheme.lower() == "bearer" and fresh and not self._revoked()

    def user(self, name: str | None, password: str | None) -> bool:
        """A WS-Security user is an integration system user at a tenant."""
        return (name, password) == (f"{firm.ISU}@{firm.TENANT}", firm.ISU_PASSWORD) and not self._revoked()

    def basic(self, request: web.Request) -> bool:
        return self.user(*_basic(request))

    def revoke(self, *, revoked: bool) -> None:
        if self._shelf.get(HOME, "revoked"):
            self._shelf.delete(HOME, "revoked")
        if revoked:
            self._shelf.create(HOME, "revoked", {"since": self._now().isoformat()})

    def _revoked(self) -> bool:
        return self._shelf.get(HOME, "revoked") is not None


def _client(request: web.Request, asked: dict[str, str]) -> tuple[str | None, str | None]:
    """In the Authorization header, or in the form: RFC 6749, section 2.3.1."""
    named = _basic(request)
    return named if named[0] else (asked.get("client_id"), asked.get("client_secret"))


def _basic(request: web.Request) -> tuple[str | None, str | None]:
    scheme, _, coded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        name, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, None
    return name, secret


def _refused(error: str, status: int) -> web.Response:
    return web.json_response({"error": error}, status=status)
