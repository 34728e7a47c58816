"""Seals: values that leave us and come back, so that nobody else can have made or changed them, or can read them."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from throughline.core import exact

SIGNATURE_BYTES = 16


class Broken(ValueError):
    """The seal is broken: this was not made by us, or was changed since, or was made for something else."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Signs, and does not hide: what is inside can be read by whoever holds it."""

    key: bytes = field(repr=False)

    def close(self, purpose: str, value: Any) -> str:
        """The value as one word, good only for this purpose."""
        body = exact.dumps(value).encode()
        return urlsafe_b64encode(self._sign(purpose, body) + body).decode().rstrip("=")

    def open(self, purpose: str, text: str) -> Any:
        """The value again; raises Broken for anything `close` did not make."""
        try:
            whole = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        except ValueError as error:
            raise Broken("this is not one of ours") from error
        signature, body = whole[:SIGNATURE_BYTES], whole[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(purpose, body)):
            raise Broken("this is not one of ours")
        return exact.loads(body)

    def _sign(self, purpose: str, body: bytes) -> bytes:
        # A key of its own for each purpose: what is sealed for one can never be taken for another.
        own = hmac.digest(self.key, b"throughline/" + purpose.encode(), hashlib.sha256)
        return hmac.digest(own, body, hashlib.sha256)[:SIGNATURE_BYTES]


@dataclass(frozen=True, slots=True)
class Safe:
    """Hides: a secret is kept as something that only we can read, and only in the place it was kept for."""

    key: bytes = field(repr=False)

    def keep(self, purpose: str, secret: str) -> bytes:
        return self._fernet(purpose).encrypt(secret.encode())

    def read(self, purpose: str, sealed: bytes) -> str:
        """The secret again; raises Broken when it was kept under another key, or for something else."""
        try:
            return self._fernet(purpose).decrypt(sealed).decode()
        except InvalidToken as error:
            raise Broken("this was sealed under another key: see THROUGHLINE_SECRET_KEY") from error

    def _fernet(self, purpose: str) -> Fernet:
        own = hmac.digest(self.key, b"throughline/safe/" + purpose.encode(), hashlib.sha256)
        return Fernet(urlsafe_b64encode(own))
