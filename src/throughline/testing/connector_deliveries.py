"""The contract's part about webhooks: what is delivered is understood or refused, and only the true one is taken."""

import random
from dataclasses import replace

from throughline.core.connector import Received
from throughline.testing.connector_hostile import deliveries, flipped
from throughline.testing.connector_subject import Broken, Subject

STRANGE = ("", " ", "0", "-1", "²", "9" * 5000, "1e9", "\x00", "ÿ", "\ud800", "v0=", "v1=" + "a" * 64, "=" * 100)


def receive_is_calm(subject: Subject) -> None:
    """Bytes that are no delivery raise what the door expects: ValueError, KeyError or TypeError."""
    if subject.connector.receive is None or subject.delivery is None:
        return
    chance = random.Random(subject.connector.name)  # noqa: S311 - see above
    for headers in (subject.delivery.headers, {}, {"content-type": "application/json"}):
        for body in deliveries(subject.delivery.body, chance):
            try:
                received = subject.connector.receive(headers, body)
            except (ValueError, KeyError, TypeError):
                continue
            except Exception as error:
                raise Broken(f"receive raised {error!r} for {body[:100]!r}") from error
            _refuse_untyped(received, body)


def signed_takes_the_true_one(subject: Subject) -> None:
    """The vendor's own delivery is accepted, and refused with another secret or none."""
    if subject.connector.signed is None or subject.delivery is None:
        return
    if not _signed(subject):
        raise Broken("signed refuses the true delivery")
    other = {name: f"{value} no more" for name, value in subject.credentials.secrets.items()}
    for secrets, what in ((other, "another secret"), ({}, "no secret")):
        if _signed(replace(subject, credentials=replace(subject.credentials, secrets=secrets))):
            raise Broken(f"signed accepts a delivery with {what}")


def signed_refuses_every_flipped_bit(subject: Subject) -> None:
    """One bit of the body or of what proves it, and it is not the vendor's any more."""
    if subject.connector.signed is None or (delivery := subject.delivery) is None:
        return
    for body in flipped(delivery.body):
        if _signed(replace(subject, delivery=replace(delivery, body=body))):
            raise Broken(f"signed accepts a body with one bit flipped: {body[:200]!r}")
    for name in delivery.signed_by:
        for value in flipped(delivery.headers[name].encode()):
            headers = {**delivery.headers, name: value.decode("latin-1")}
            if _signed(replace(subject, delivery=replace(delivery, headers=headers))):
                raise Broken(f"signed accepts {name} with one bit flipped: {value!r}")


def signed_is_total(subject: Subject) -> None:
    """No header, however strange, makes `signed` raise, and without its proof a delivery is refused."""
    if subject.connector.signed is None or (delivery := subject.delivery) is None:
        return
    for name in delivery.signed_by:
        for value in STRANGE:
            _signed(replace(subject, delivery=replace(delivery, headers={**delivery.headers, name: value})))
        unproved = {known: value for known, value in delivery.headers.items() if known != name}
        if _signed(replace(subject, delivery=replace(delivery, headers=unproved))):
            raise Broken(f"signed accepts a delivery without {name}")
    if _signed(replace(subject, delivery=replace(delivery, headers={}))):
        raise Broken("signed accepts a delivery without any header")


def _signed(subject: Subject) -> bool:
    """What `signed` says of the subject's delivery; it says it and does not raise."""
    if subject.connector.signed is None or (delivery := subject.delivery) is None:
        return False
    try:
        return subject.connector.signed(subject.credentials, delivery.headers, delivery.body, delivery.at)
    except Exception as error:
        raise Broken(f"signed raised {error!r} for {delivery.headers!r:.300}") from error


def _refuse_untyped(received: Received, body: bytes) -> None:
    texts = [received.reply] + [
        text for notice in received.notices for text in (notice.id, notice.kind, notice.key, notice.author)
    ]
    if not all(text is None or isinstance(text, str) for text in texts):  # pyright: ignore[reportUnnecessaryIsInstance] - see judge
        raise Broken(f"receive put something that is not text into {received!r:.300} for {body[:200]!r}")
