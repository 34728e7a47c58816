"""Signatures, against the vectors of the specification's own libraries and a client written by others."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from throughline.core.standard_webhooks import PUBLIC, Signing, headers_for, public_key_of, secret_of

# https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/python/tests/test_webhooks.py
VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR_ID, VECTOR_AT = "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC)
VECTOR_BODY = b'{"test": 2432232314}'
VECTOR_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_reference_vector_is_signed_as_the_reference_signs_it() -> None:
    said = headers_for(VECTOR_ID, VECTOR_BODY, at=VECTOR_AT, secrets=[VECTOR_SECRET])

    assert said == {
        "webhook-id": VECTOR_ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": VECTOR_SIGNATURE,
    }


def test_a_client_of_others_accepts_what_we_sign_and_nothing_else() -> None:
    secret, body = secret_of(bytes(range(32)), Signing.SHARED), b'{"a": 1}'
    said = headers_for("event-1", body, at=datetime.now(UTC), secrets=[secret])

    assert Webhook(secret).verify(body, said) == {"a": 1}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(b'{"a": 2}', said)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, {**said, "webhook-id": "event-2"})


def test_while_a_secret_is_replaced_the_old_and_the_new_are_both_accepted() -> None:
    old, new = (secret_of(bytes([n]) * 32, Signing.SHARED) for n in (1, 2))
    said = headers_for("event-1", b"{}", at=datetime.now(UTC), secrets=[new, old])

    assert Webhook(new).verify(b"{}", said) == Webhook(old).verify(b"{}", said) == {}


def test_a_key_pair_signs_what_its_public_half_can_check() -> None:
    secret = secret_of(bytes(range(32)), Signing.KEY_PAIR)
    public = public_key_of(secret)
    assert public

    said = headers_for(VECTOR_ID, VECTOR_BODY, at=VECTOR_AT, secrets=[secret])

    version, _, signature = said["webhook-signature"].partition(",")
    checks = Ed25519PublicKey.from_public_bytes(b64decode(public.removeprefix(PUBLIC)))
    checks.verify(b64decode(signature), b".".join((VECTOR_ID.encode(), b"1614265330", VECTOR_BODY)))
    with pytest.raises(InvalidSignature):
        checks.verify(b64decode(signature), b"another")
    assert version == "v1a"


def test_a_shared_secret_is_as_long_as_the_specification_wants_and_has_no_public_half() -> None:
    secret = secret_of(bytes(range(32)), Signing.SHARED)

    assert secret == f"whsec_{b64encode(bytes(range(32))).decode()}"
    assert 24 <= len(b64decode(secret.removeprefix("whsec_"))) <= 64
    assert public_key_of(secret) is None
