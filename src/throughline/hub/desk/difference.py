"""The difference between what a system holds and what it would not be told, for the hold that came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from throughline.store import entities
from throughline.store.database import Row, Sql


@dataclass(frozen=True, slots=True)
class Differing:
    """One field, in our words: what they last agreed to (None for nothing), and what we wanted to send."""

    name: str
    held: Any
    wanted: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """What was to be said to a system, field by field. `key` is their record, None while they have none."""

    system: str
    kind: str
    operation: str
    key: str | None
    fields: tuple[Differing, ...]


async def of_hold(sql: Sql, hold: Row) -> Difference | None:
    """Nothing, when the hold is about something else than what could not be sent."""
    put: Mapping[str, Any] | None = hold["refused_put"]
    if put is None:
        return None
    link = await entities.link_of(sql, put["entity"], put["system"], put["kind"])
    held = link.sent if link else {}
    fields = tuple(Differing(name, held.get(name), wanted) for name, wanted in put["fields"].items())
    return Difference(put["system"], put["kind"], put["operation"], link.key if link else None, fields)
