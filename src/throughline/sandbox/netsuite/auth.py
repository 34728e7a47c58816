"""OAuth 2.0 machine to machine: an assertion signed with a certificate is exchanged for an access token.

A refusal says little, as NetSuite's does; the reason is in the login audit trail (`/__sandbox__/logins`).
"""

import secrets
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.types import Options

from throughline.sandbox.netsuite.calls import Reply
from throughline.sandbox.netsuite.oauth1 import Checker, Keys, Signed
from throughline.sandbox.shelf import Shelf

CLIENT_ID, CERTIFICATE_ID = "throughline-sandbox-client", "throughline-sandbox-cert"
ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPE = "rest_webservices"
LIFETIME_SECONDS, LONGEST_ASSERTION_SECONDS, LEEWAY_SECONDS = 3600, 3600, 60
_KEPT, _ISSUED = "netsuite_key", "netsuite_tokens"
# PyJWT would read the wall clock, and the estate has its own.
_NOT_BY_THE_WALL: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}


class Refused(Exception):
    """`error` goes to the client; the rest only to the audit trail."""

    def __init__(self, error: str, why: str) -> None:
        super().__init__(why)
        self.error, self.why = error, why


class Auth:
    """Who may come in. The key pair and the secret behind the tokens are on the shelf: a restart changes nothing."""

    def __init__(
        self,
        shelf: Shelf,
        *,
        account: str,
        now: Callable[[], datetime],
        wall: Callable[[], float],
        public_key_pem: bytes | None,
    ) -> None:
        self._shelf, self._now, self._wall = shelf, now, wall
        self._key = {"public": public_key_pem.decode(), "private": ""} if public_key_pem else None
        self._issued: dict[str, Any] | None = None
        self.keys = Keys(
            account, "sandbox-consumer-key", "sandbox-consumer-secret", "sandbox-token-id", "sandbox-token-secret"
        )
        self._tba = Checker(self.keys)
        self.logins: deque[dict[str, str]] = deque(maxlen=1000)

    def handout(self) -> dict[str, str]:
        """What an administrator hands to the person who sets up an integration."""
        handed = {
            "account": self.keys.realm,
            "client_id": CLIENT_ID,
            "certificate_id": CERTIFICATE_ID,
            "consumer_key": self.keys.consumer_key,
            "consumer_secret": self.keys.consumer_secret,
            "token_id": self.keys.token_id,
            "token_secret": self.keys.token_secret,
        }
        private = self._pair()["private"]
        return {**handed, "private_key": private} if private else handed

    def restore(self) -> None:
        """Put the secrets back after a reset wiped the shelf: an account keeps its keys."""
        if self._key:
            self._keep(_KEPT, self._key)
        if self._issued:
            self._keep(_ISSUED, self._issued)

    # The token endpoint

    def token(self, form: Mapping[str, str], token_url: str) -> Reply:
        try:
            self._check_assertion(form, token_url)
        except Refused as refused:
            self._audit("refused", f"{refused.error}: {refused.why}")
            status = 401 if refused.error == "invalid_client" else 400
            return Reply(status=status, body={"error": refused.error}, content_type="application/json")
        self._audit("token", CLIENT_ID)
        body = {"access_token": self._issue(), "expires_in": str(LIFETIME_SECONDS), "token_type": "bearer"}
        return Reply(body=body, headers={"Cache-Control": "no-store"}, content_type="application/json")

    def revoke(self) -> None:
        """Kill every token that is out."""
        tokens = self._tokens()
        self._issued = self._keep(_ISSUED, {**tokens, "generation": tokens["generation"] + 1})

    def _check_assertion(self, form: Mapping[str, str], token_url: str) -> None:
        if form.get("grant_type") != "client_credentials":
            raise Refused("invalid_request", f"grant_type is {form.get('grant_type')!r}")
        if form.get("client_assertion_type") != ASSERTION:
            raise Refused("invalid_request", "client_assertion_type is wrong")
        assertion = form.get("client_assertion", "")
        try:
            header = jwt.get_unverified_header(assertion)
            unverified = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            raise Refused("invalid_request", f"client_assertion is not a JWT: {error}") from None
        if header.get("alg") not in ALGORITHMS:
            raise Refused("invalid_request", f"alg {header.get('alg')} is not one of {', '.join(ALGORITHMS)}")
        if header.get("kid") != CERTIFICATE_ID or unverified.get("iss") != CLIENT_ID:
            raise Refused("invalid_client", "no mapping for this certificate id (kid) and client id (iss)")
        self._check_claims(self._verified(assertion, token_url))

    def _verified(self, assertion: str, token_url: str) -> dict[str, Any]:
        try:
            return jwt.decode(
                assertion,
                _public_key(self._pair()["public"]),
                algorithms=ALGORITHMS,
                audience=token_url,
                options={**_NOT_BY_THE_WALL, "require": ["iss", "scope", "aud", "iat", "exp"]},
            )
        except jwt.MissingRequiredClaimError as error:
            raise Refused("invalid_request", str(error)) from None
        except (jwt.InvalidTokenError, TypeError, ValueError) as error:
            raise Refused("invalid_grant", f"{type(error).__name__}: {error}; aud must be {token_url}") from None

    def _check_claims(self, claims: Mapping[str, Any]) -> None:
        scope = claims["scope"]
        scopes = scope.replace(",", " ").split() if isinstance(scope, str) else scope
        if not isinstance(scopes, list) or SCOPE not in scopes:
            raise Refused("invalid_request", f"scope does not contain {SCOPE}")
        issued, expires = claims["iat"], claims["exp"]
        if not isinstance(issued, int) or not isinstance(expires, int):
            raise Refused("invalid_request", "iat and exp are whole seconds")
        if not 0 < expires - issued <= LONGEST_ASSERTION_SECONDS:
            raise Refused("invalid_grant", "exp is more than 60 minutes after iat, or before it")
        if not any(issued - LEEWAY_SECONDS <= now < expires for now in self._clocks()):
            raise Refused("invalid_grant", "the assertion is not valid yet, or not any more")

    def _clocks(self) -> tuple[float, float]:
        """A client stamps with its own clock, which the estate's may have left behind: either will do."""
        return self._now().timestamp(), self._wall()

    # Every other request

    def admit(self, signed: Signed) -> bool:
        kind, _, rest = signed.header.partition(" ")
        if kind.lower() == "bearer":
            why = self._refuse_bearer(rest.strip())
        elif kind == "OAuth":
            why = self._tba.refuse(signed, lambda at, window: any(abs(now - at) <= window for now in self._clocks()))
        else:
            why = "no Authorization"
        if why:
            self._audit("refused", why)
        return why is None

    def _refuse_bearer(self, token: str) -> str | None:
        tokens = self._tokens()
        try:
            claims = jwt.decode(token, tokens["secret"], algorithms=["HS256"], options=_NOT_BY_THE_WALL)
        except jwt.InvalidTokenError as error:
            return f"access token: {error}"
        if claims["generation"] != tokens["generation"]:
            return "access token revoked"
        return "access token expired" if claims["exp"] <= self._now().timestamp() else None

    def _issue(self) -> str:
        tokens, now = self._tokens(), int(self._now().timestamp())
        claims = {
            "sub": "3;12",
            "aud_client": CLIENT_ID,
            "scope": [SCOPE],
            "iss": "https://system.netsuite.com",
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "jti": f"{tokens['generation']}.{self._shelf.next('access token')}",
            "generation": tokens["generation"],
        }
        return jwt.encode(claims, tokens["secret"], algorithm="HS256")

    # Secrets on the shelf

    def _pair(self) -> dict[str, str]:
        if self._key is None:
            self._key = self._shelf.get("_sandbox", _KEPT) or self._keep(_KEPT, _new_pair())
        return self._key

    def _tokens(self) -> dict[str, Any]:
        """The secret that signs tokens, and which generation of them is alive."""
        if self._issued is None:
            fresh = {"secret": secrets.token_hex(32), "generation": 1}
            self._issued = self._shelf.get("_sandbox", _ISSUED) or self._keep(_ISSUED, fresh)
        return self._issued

    def _keep(self, name: str, record: dict[str, Any]) -> dict[str, Any]:
        put = self._shelf.update if self._shelf.get("_sandbox", name) else self._shelf.create
        put("_sandbox", name, record)
        return record

    def _audit(self, status: str, detail: str) -> None:
        self.logins.append({"at": self._now().isoformat(), "status": status, "detail": detail})


def _new_pair() -> dict[str, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {"private": secret.decode(), "public": public.decode()}


def _public_key(pem: str) -> Any:
    """NetSuite is given a certificate; a bare public key will do here."""
    if "BEGIN CERTIFICATE" in pem:
        return x509.load_pem_x509_certificate(pem.encode()).public_key()
    return serialization.load_pem_public_key(pem.encode())
