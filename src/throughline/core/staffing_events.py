"""Who comes, goes and moves, and how a change of a resource means it."""

from typing import ClassVar

from throughline.core.entities.base import Day
from throughline.core.event import Detector, Event, Fields


class ResourceJoined(Event):
    """Somebody began to work for us, or came back."""

    subject: ClassVar[str] = "resource"
    resource: str
    effective: Day | None


class ResourceLeft(Event):
    """Somebody works for us no more."""

    subject: ClassVar[str] = "resource"
    resource: str
    effective: Day | None


class ResourceMoved(Event):
    """Somebody who stays has another role, region, legal entity, cost centre or manager."""

    subject: ClassVar[str] = "resource"
    resource: str
    effective: Day | None
    moved: tuple[str, ...]


# What makes up somebody's place in the firm.
PLACE = ("role", "region", "legal_entity", "cost_centre", "manager")


def _joined(before: Fields, after: Fields) -> Event | None:
    if after.get("active") is True and before.get("active") is not True:
        return ResourceJoined(resource=after["id"], effective=after.get("starts"))
    return None


def _left(before: Fields, after: Fields) -> Event | None:
    if before.get("active") is True and after.get("active") is False:
        return ResourceLeft(resource=after["id"], effective=after.get("ends"))
    return None


def _moved(before: Fields, after: Fields) -> Event | None:
    """What is heard for the first time is no move, nor is what a leaver loses or a joiner is given."""
    if not (before.get("active") is True and after.get("active") is True):
        return None
    moved = tuple(name for name in PLACE if before.get(name) is not None and before[name] != after.get(name))
    return ResourceMoved(resource=after["id"], effective=after.get("placed_from"), moved=moved) if moved else None


DETECTORS: dict[str, tuple[Detector, ...]] = {"resource": (_joined, _left, _moved)}
