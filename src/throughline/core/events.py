"""What happened, in the past tense: the events we know, and how a change of an entity means one."""

from typing import ClassVar

from throughline.core import delivery_events
from throughline.core.entities import Stage
from throughline.core.event import EVENTS, Detector, Event, Fields

__all__ = ["DETECTORS", "EVENTS", "Detector", "Event", "Fields", "detect"]


class OpportunityWon(Event):
    """A deal was won."""

    subject: ClassVar[str] = "opportunity"
    opportunity: str


class OpportunityLost(Event):
    """A deal was lost."""

    subject: ClassVar[str] = "opportunity"
    opportunity: str


class CustomerRenamed(Event):
    """A customer goes by another name."""

    subject: ClassVar[str] = "customer"
    customer: str
    name: str


class DemandPublished(Event):
    """A project needs people: staffing may begin."""

    subject: ClassVar[str] = "project"
    project: str
    roles: tuple[str, ...]


class ProjectOpened(Event):
    """People can book time on a project."""

    subject: ClassVar[str] = "project"
    project: str
    opportunity: str


class SubscriptionSwitchedOff(Event):
    """A subscriber could not be told of events for days, or wanted no more."""

    subject: ClassVar[str] = "subscription"
    subscription: str
    why: str


def detect(kind: str, before: Fields | None, after: Fields) -> list[Event]:
    """The business events a change means. Duplicates and echoes change nothing, so they mean nothing."""
    return [event for means in DETECTORS.get(kind, ()) if (event := means(before or {}, after))]


def _won(before: Fields, after: Fields) -> Event | None:
    if after.get("stage") == Stage.WON and before.get("stage") != Stage.WON:
        return OpportunityWon(opportunity=after["id"])
    return None


def _lost(before: Fields, after: Fields) -> Event | None:
    if after.get("stage") == Stage.LOST and before.get("stage") != Stage.LOST:
        return OpportunityLost(opportunity=after["id"])
    return None


def _renamed(before: Fields, after: Fields) -> Event | None:
    if before.get("name") and after.get("name") and before["name"] != after["name"]:
        return CustomerRenamed(customer=after["id"], name=after["name"])
    return None


DETECTORS: dict[str, tuple[Detector, ...]] = {
    "opportunity": (_won, _lost),
    "customer": (_renamed,),
    **delivery_events.DETECTORS,
}
