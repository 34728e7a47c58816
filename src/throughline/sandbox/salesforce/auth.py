"""Who may come in: the connected app, its tokens, and the sessions they open."""

import base64
import binascii
import hashlib
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from throughline.sandbox.salesforce.objects import ORGANIZATION, USER
from throughline.sandbox.salesforce.org import HIDDEN, Org
from throughline.sandbox.salesforce.wire import Answer, Refused
from throughline.sandbox.shelf import Record

CONSUMER_KEY = "throughline-sandbox-consumer-key"
CONSUMER_SECRET = "throughline-sandbox-consumer-secret"
INTEGRATION_USER = "integration@halyard.example"
TOKEN_PATH = "/services/oauth2/token"
SESSION = timedelta(hours=2)
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LOGIN_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")


class AuthError(Exception):
    """The OAuth endpoints word their refusals differently from the data API."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error, self.description = error, description

    def answer(self) -> Answer:
        return Answer(400, {"error": self.error, "error_description": self.description})


class Sessions:
    """Bearer tokens. They are kept with the org, live two hours of its clock, and can all be revoked at once."""

    def __init__(self, org: Org, chance: random.Random) -> None:
        self._org, self._chance = org, chance

    def open(self, user: str) -> str:
        self._forget_expired()
        number, luck = self._org.shelf.next("session"), self._chance.getrandbits(256)
        secret = hashlib.sha512(f"{number}/{luck}".encode()).digest()
        token = f"{organization(self._org)['Id'][:15]}!{base64.urlsafe_b64encode(secret).decode()}"
        until = self._org.clock.now() + SESSION
        self._org.remember(f"session/{token}", {"user": user, "until": until.isoformat()})
        return token

    def user(self, authorization: str) -> str:
        """Whose session this is; an expired one and one that never was are not told apart."""
        scheme, _, token = authorization.partition(" ")
        session = self._org.recall(f"session/{token}") if scheme in {"Bearer", "OAuth"} else None
        if session is None or datetime.fromisoformat(session["until"]) <= self._org.clock.now():
            raise Refused(401, "INVALID_SESSION_ID", "Session expired or invalid")
        return session["user"]

    def close(self, token: str) -> None:
        if self._org.recall(f"session/{token}"):
            self._org.shelf.delete(HIDDEN, f"session/{token}")

    def close_all(self) -> int:
        names = self._names()
        for name in names:
            self._org.shelf.delete(HIDDEN, name)
        return len(names)

    def _forget_expired(self) -> None:
        now = self._org.clock.now()
        for name in self._names():
            if datetime.fromisoformat((self._org.recall(name) or {})["until"]) <= now:
                self._org.shelf.delete(HIDDEN, name)

    def _names(self) -> list[str]:
        return [name for name in self._org.shelf.all(HIDDEN) if name.startswith("session/")]


class ConnectedApp:
    """One registered client: its consumer key and secret, and the public key its assertions are checked with."""

    def __init__(
        self, org: Org, sessions: Sessions, public_key_pem: bytes | None, wall: Callable[[], datetime]
    ) -> None:
        self._org, self._sessions, self._wall = org, sessions, wall
        kept = org.recall("connected_app")
        self._private_pem = None if public_key_pem else (kept["private_key"] if kept else _new_key())
        self._public = _public(public_key_pem, self._private_pem)

    def keep(self) -> None:
        """The generated key outlives a restart and a reset, as a registered certificate does."""
        if self._private_pem:
            self._org.remember("connected_app", {"private_key": self._private_pem})

    def handout(self) -> dict[str, str]:
        out = {
            "consumer_key": CONSUMER_KEY,
            "consumer_secret": CONSUMER_SECRET,
            "username": INTEGRATION_USER,
            "token_path": TOKEN_PATH,
        }
        return out | ({"private_key": self._private_pem} if self._private_pem else {})

    def grant(self, form: Mapping[str, str], authorization: str, base: str) -> Answer:
        try:
            user = self._user(form, authorization, base)
        except AuthError as error:
            return error.answer()
        return Answer(200, self._token(user, base), {"Cache-Control": "no-cache, no-store"})

    def _user(self, form: Mapping[str, str], authorization: str, base: str) -> Record:
        grant = form.get("grant_type")
        if grant == JWT_BEARER:
            return self._asserted(form.get("assertion", ""), base)
        if grant == "client_credentials":
            return self._configured(form, authorization, base)
        raise AuthError("unsupported_grant_type", "grant type not supported")

    def _asserted(self, assertion: str, base: str) -> Record:
        unverified = _claims(assertion, None)
        if unverified.get("iss") != CONSUMER_KEY:
            raise AuthError("invalid_client_id", "client identifier invalid")
        claims = _claims(assertion, self._public)
        audience = str(claims.get("aud", "")).rstrip("/")
        if audience not in {*_LOGIN_HOSTS, base} and not audience.endswith(".my.salesforce.com"):
            raise AuthError("invalid_grant", "audience is invalid")
        if not self._timely(claims.get("exp")):
            raise AuthError("invalid_grant", "expired authorization code")
        return self._approved(claims.get("sub"))

    def _timely(self, exp: Any) -> bool:
        """The sandbox clock may be driven away from the client's, so an assertion is good if either clock says so."""
        try:
            until = datetime.fromtimestamp(int(exp), UTC)  # some clients send it as a string
        except (TypeError, ValueError, OverflowError, OSError):
            return False
        return until > min(self._org.clock.now(), self._wall())

    def _configured(self, form: Mapping[str, str], authorization: str, base: str) -> Record:
        if base in _LOGIN_HOSTS:
            raise AuthError("invalid_grant", "request not supported on this domain")
        if authorization.startswith("Basic "):
            key, secret = _basic(authorization)
        else:
            key, secret = form.get("client_id", ""), form.get("client_secret", "")
        if key != CONSUMER_KEY:
            raise AuthError("invalid_client_id", "client identifier invalid")
        if secret != CONSUMER_SECRET:
            raise AuthError("invalid_client", "invalid client credentials")
        return self._approved(INTEGRATION_USER)

    def _approved(self, username: Any) -> Record:
        user = next((u for u in self._org.shelf.all(USER.name).values() if u["Username"] == username), None)
        if user is None or username != INTEGRATION_USER:
            raise AuthError("invalid_grant", "user hasn't approved this consumer")
        return user

    def _token(self, user: Record, base: str) -> dict[str, Any]:
        return {
            "access_token": self._sessions.open(user["Id"]),
            "scope": "api id",
            "instance_url": base,
            "id": f"{base}/id/{organization(self._org)['Id']}/{user['Id']}",
            "token_type": "Bearer",
        }


def userinfo(org: Org, user_id: str, base: str) -> dict[str, Any]:
    user = org.shelf.all(USER.name)[user_id]
    organization_id = organization(org)["Id"]
    return {
        "sub": f"{base}/id/{organization_id}/{user_id}",
        "user_id": user_id,
        "organization_id": organization_id,
        "preferred_username": user["Username"],
        "name": user["Name"],
        "email": user["Email"],
        "email_verified": True,
        "active": user["IsActive"],
        "urls": {"rest": f"{base}/services/data/v{{version}}/", "query": f"{base}/services/data/v{{version}}/query/"},
    }


def organization(org: Org) -> Record:
    return next(iter(org.shelf.all(ORGANIZATION.name).values()))


def _claims(assertion: str, key: rsa.RSAPublicKey | None) -> dict[str, Any]:
    """The claims as they are; what they mean is checked by the caller, in the words of the vendor."""
    options: Any = dict.fromkeys(
        (f"verify_{each}" for each in ("exp", "aud", "iat", "nbf", "sub", "iss", "jti")), False
    )
    options["verify_signature"] = key is not None
    try:
        return jwt.decode(assertion, key or "", algorithms=["RS256"], options=options)
    except jwt.InvalidTokenError as error:
        raise AuthError("invalid_grant", "invalid assertion") from error


def _basic(authorization: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(authorization.removeprefix("Basic "), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise AuthError("invalid_client", "invalid client credentials") from error
    key, _, secret = text.partition(":")
    return key, secret


def _new_key() -> str:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _public(public_pem: bytes | None, private_pem: str | None) -> rsa.RSAPublicKey:
    if public_pem:
        key = serialization.load_pem_public_key(public_pem)
    else:
        key = serialization.load_pem_private_key((private_pem or "").encode(), None).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("The connected app's key must be an RSA public key in PEM; Salesforce takes RS256 only")
    return key
