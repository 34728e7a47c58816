"""Reading the audit log: its leaves, newest first, all or those of somebody, and how far it is signed."""

from dataclasses import dataclass
from datetime import datetime

from throughline.core import leaves
from throughline.hub.audit.proving import verifier_of
from throughline.hub.machine import Machine
from throughline.hub.overview import Places, Slice
from throughline.hub.seal import Seal
from throughline.store import audit_log
from throughline.store import leaves as stored
from throughline.store.database import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which leaves are wanted. What is not said does not matter."""

    actor: str | None = None
    action: str | None = None
    object: str | None = None
    engagement: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def said(self) -> dict[str, str]:
        return {name: value for name in audit_log.ASKED if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the log is signed: the newest checkpoint, what waits for its place, and which places outside know."""

    size: int
    signed_at: datetime | None
    note: str
    public_key: str
    waiting: int
    waiting_since: datetime | None
    told: tuple[tuple[str, int], ...]


ALL = Asked()


async def listed(machine: Machine, asked: Asked = ALL, *, cursor: str | None = None, limit: int = 50) -> Slice[Row]:
    since, until = (at and leaves.instant(at) for at in (asked.since, asked.until))
    places = Places(Seal(machine.firms.key), f"audit/{sorted(asked.said.items())}/{since}/{until}")
    place = places.opened(cursor)
    before = (place[0], place[1]) if place else None
    rows = await audit_log.newest_leaves(
        machine.pool, asked.said, since=since, until=until, before=before, limit=limit + 1
    )
    return places.slice(tuple(rows), limit, lambda row: [row["at"], row["seq"]])


async def stands(machine: Machine) -> Standing:
    newest = await audit_log.newest_checkpoint(machine.pool)
    waiting = await stored.waiting(machine.pool)
    told = await audit_log.told_places(machine.pool)
    return Standing(
        size=newest["size"] if newest else 0,
        signed_at=newest["at"] if newest else None,
        note=newest["note"] if newest else "",
        public_key=verifier_of(machine).text,
        waiting=waiting.leaves,
        waiting_since=waiting.since,
        told=tuple((row["place"], row["size"]) for row in told),
    )
