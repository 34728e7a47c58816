"""What happened, in the past tense: the events we know, and how a change of an entity means one."""

from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from throughline.core.entities import Stage

type Fields = dict[str, Any]


class Event(BaseModel):
    """A fact. Its fields are ids and values, never records."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]
    subject: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.type = cls.__name__
        EVENTS[cls.type] = cls

    def about(self) -> str:
        """The id of the entity this happened to."""
        return str(getattr(self, self.subject))


EVENTS: dict[str, type[Event]] = {}


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


type Detector = Callable[[Fields, Fields], Event | None]


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


DETECTORS: dict[str, tuple[Detector, ...]] = {"opportunity": (_won, _lost), "customer": (_renamed,)}
