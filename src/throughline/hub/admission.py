"""Admission: who is let in, as whom. Until somebody says otherwise, whoever is on this machine is its admin."""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from throughline.core.rights import ALL, Who, rights_of
from throughline.hub import access_keys, sessions, sign_in
from throughline.hub.machine import Machine
from throughline.hub.people import TAKEN, spelled
from throughline.hub.seal import Seal
from throughline.store import people
from throughline.store.database import Row


@dataclass(frozen=True, slots=True)
class Admission:
    """`key` is the one shared secret, for the first admin and for the day nobody else can come in."""

    key: str | None = field(repr=False)
    seal: Seal
    machine: Machine

    async def open(self) -> bool:
        """No key, no sign-in service, and nobody is written down: whoever is on this machine is let in."""
        alone = self.key is None and not await people.anybody(self.machine.pool)
        return alone and await sign_in.rules(self.machine) is None

    async def bearer(self, authorization: str, *, called: str) -> Who | None:
        """Who comes with this Authorization header; `called` is the name of whoever has only the shared key."""
        scheme, _, given = authorization.partition(" ")
        given = given.strip()
        if scheme.lower() != "bearer" or not given:
            return None
        return Who(called, ALL) if self.fits(given) else await access_keys.who(self.machine, given)

    async def signed_in(self, session: str, *, active: bool) -> Who | None:
        """Who signed in in this browser. Another shared key ends every session that began with the one before."""
        row = await sessions.alive(self.machine, session, active=active)
        if row is None:
            return None
        if row["shared_key"] is not None:
            return Who(row["person"], ALL) if row["shared_key"] == self._shared else None
        if row["access_key"] is not None:
            return await access_keys.still(self.machine, row["access_key"])
        return _as_known(row) if row["known"] else None

    def fits(self, given: str) -> bool:
        return self.key is not None and hmac.compare_digest(given.encode(), self.key.encode())

    async def sign_in(self, name: str, given: str) -> str | None:
        """What the browser keeps, for whoever shows a key of theirs, or the shared key and a name of nobody else."""
        if self.fits(given):
            free = name and name not in TAKEN and await people.one(self.machine.pool, spelled(name)) is None
            return await sessions.begin(self.machine, name, shared_key=self._shared) if free else None
        who = await access_keys.who(self.machine, given)
        known = who and await people.one(self.machine.pool, who.name)
        id_, _ = access_keys.parts_of(given)
        return await sessions.begin(self.machine, known["name"], access_key=id_) if known else None

    async def sign_out(self, session: str, *, person: str) -> None:
        await sessions.end(self.machine, session, person=person)

    def new_form_token(self) -> str:
        """For one browser's forms: nobody can make one up, and other sites cannot read it."""
        return self.seal.close("form", self.machine.ids("form"))

    @property
    def _shared(self) -> str | None:
        return hashlib.sha256(self.key.encode()).hexdigest()[:16] if self.key else None


def _as_known(row: Row) -> Who:
    """As their roles and limits are now."""
    limits = row["legal_entities"]
    rights = rights_of(row["roles"], limited=limits is not None)
    return Who(row["person"], rights, None if limits is None else frozenset(limits))


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine itself."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
