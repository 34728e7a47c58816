"""Admission: who may come in. With a key set, whoever shows it; without one, only who is on this machine."""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from throughline.core.clock import Clock
from throughline.core.ids import Ids
from throughline.hub.seal import Broken, Seal

SESSION = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Admission:
    """`key` is the one shared secret; sessions and form tokens are sealed with the machine's own."""

    key: str | None = field(repr=False)
    seal: Seal
    clock: Clock
    ids: Ids

    @property
    def open(self) -> bool:
        """No key is set: whoever reaches us on the loopback address is let in."""
        return self.key is None

    def host_is_known(self, host: str) -> bool:
        """Without a key, only names of this machine are answered, or a page elsewhere could rebind its name to us."""
        return not self.open or is_loopback(host)

    def bearer(self, authorization: str) -> bool:
        """Whether an Authorization header carries the key."""
        scheme, _, given = authorization.partition(" ")
        return scheme.lower() == "bearer" and self.fits(given.strip())

    def fits(self, given: str) -> bool:
        return self.key is not None and hmac.compare_digest(given.encode(), self.key.encode())

    def session(self, person: str) -> str:
        """What a browser keeps after signing in. Another key ends every session."""
        return self.seal.close(self._purpose, [person, (self.clock() + SESSION).isoformat()])

    def person(self, session: str) -> str | None:
        """Who signed in; nobody when the session is not ours or is over."""
        try:
            person, until = self.seal.open(self._purpose, session)
        except Broken:
            return None
        return person if self.clock() < datetime.fromisoformat(until) else None

    def new_form_token(self) -> str:
        """For one browser's forms: nobody can make one up, and other sites cannot read it."""
        return self.seal.close("form", self.ids("form"))

    @property
    def _purpose(self) -> str:
        return f"session/{hashlib.sha256((self.key or '').encode()).hexdigest()[:16]}"


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine itself."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
