"""Standard Webhooks 1.0: how a delivery is signed, so that its receiver knows it is ours, whole and fresh.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SECRET_BYTES = 32
SHARED, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"


class Signing(StrEnum):
    """How deliveries are signed: with a secret both sides know, or with a key only we have."""

    SHARED = "v1"
    KEY_PAIR = "v1a"


def secret_of(seed: bytes, signing: Signing) -> str:
    """A secret as it is written down, made of 32 bytes of chance."""
    return f"{SHARED if signing is Signing.SHARED else PRIVATE}{b64encode(seed).decode()}"


def public_key_of(secret: str) -> str | None:
    """What a receiver checks with; none when both sides share the secret."""
    if not secret.startswith(PRIVATE):
        return None
    return f"{PUBLIC}{b64encode(_private(secret).public_key().public_bytes_raw()).decode()}"


def headers_for(id_: str, body: bytes, *, at: datetime, secrets: Sequence[str]) -> dict[str, str]:
    """Signed with each secret: while one is being replaced, receivers may still know only the old one."""
    moment = str(int(at.timestamp()))
    content = b".".join((id_.encode(), moment.encode(), body))
    return {
        "webhook-id": id_,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(_signature(secret, content) for secret in secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    if secret.startswith(PRIVATE):
        return f"{Signing.KEY_PAIR},{b64encode(_private(secret).sign(content)).decode()}"
    key = b64decode(secret.removeprefix(SHARED))
    return f"{Signing.SHARED},{b64encode(hmac.digest(key, content, hashlib.sha256)).decode()}"


def _private(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(b64decode(secret.removeprefix(PRIVATE)))
