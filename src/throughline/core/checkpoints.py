"""Checkpoints: how long the audit log is and its root, signed, in the text format of C2SP.

https://c2sp.org/tlog-checkpoint and https://c2sp.org/signed-note
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"


class Forged(ValueError):
    """This is no checkpoint of this log's; the text says why."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """So many leaves, and the root over them."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Verifier:
    """Knows one log's public key. `name` is the log's origin."""

    name: str
    key: bytes

    @classmethod
    def of(cls, text: str) -> "Verifier":
        """From `origin+hash+key`, as it is published."""
        try:
            name, number, key = text.strip().split("+", 2)
            known = b64decode(key, validate=True)
        except ValueError as error:
            raise Forged("a public key reads origin+hash+key") from error
        found = cls(name, known[1:])
        if known[:1] != ED25519 or len(known) != 33 or found.number.hex() != number:
            raise Forged("this is no Ed25519 key of the name it has")
        return found

    @property
    def number(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.key).digest()[:4]

    @property
    def text(self) -> str:
        return f"{self.name}+{self.number.hex()}+{b64encode(ED25519 + self.key).decode()}"

    def read(self, note: str) -> Checkpoint:
        """What a checkpoint says; raises Forged when this log's key has not signed it."""
        body, _, signatures = note.partition("\n\n")
        self._check(body + "\n", signatures)
        try:
            origin, size, root = body.split("\n")[:3]
            found = Checkpoint(int(size), b64decode(root, validate=True))
        except ValueError as error:
            raise Forged("it does not read origin, size, root") from error
        if origin != self.name:
            raise Forged(f"it is of another log, {origin}")
        return found

    def _check(self, body: str, signatures: str) -> None:
        for line in signatures.splitlines():
            dash, _, rest = line.partition(" ")
            name, _, signature = rest.partition(" ")
            if dash == "\N{EM DASH}" and name == self.name and self._signed(body, signature):
                return
        raise Forged(f"it is not signed with the key of {self.name}")

    def _signed(self, body: str, signature: str) -> bool:
        try:
            said = b64decode(signature, validate=True)
            Ed25519PublicKey.from_public_bytes(self.key).verify(said[4:], body.encode())
        except (ValueError, InvalidSignature):
            return False
        return said[:4] == self.number


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs a log's checkpoints. Its origin is made of the key, so two installations never share one."""

    seed: bytes = field(repr=False)

    @property
    def verifier(self) -> Verifier:
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return Verifier(f"throughline/{hashlib.sha256(public).hexdigest()[:16]}", public)

    def sign(self, checkpoint: Checkpoint) -> str:
        return self.signed(f"{self.verifier.name}\n{checkpoint.size}\n{b64encode(checkpoint.root).decode()}\n")

    def signed(self, body: str) -> str:
        """Any text as a signed note. Its first line must say what it is: a checkpoint begins with the bare origin."""
        by = self.verifier
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(body.encode())
        return f"{body}\n\N{EM DASH} {by.name} {b64encode(by.number + signature).decode()}\n"


def notes(text: str) -> Iterator[str]:
    """The checkpoints of a file that was added to, one after the other: each ends with its signatures."""
    body: list[str] = []
    signatures: list[str] = []
    for line in text.splitlines():
        if line.startswith("\N{EM DASH} "):
            signatures.append(line)
        elif line:
            if signatures:
                yield _note(body, signatures)
                body, signatures = [], []
            body.append(line)
    if body:
        yield _note(body, signatures)


def _note(body: list[str], signatures: list[str]) -> str:
    return "\n".join([*body, "", *signatures, ""])
