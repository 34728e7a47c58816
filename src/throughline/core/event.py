"""What an event is: a fact in the past tense, about one entity, carrying ids and values."""

from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

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


type Detector = Callable[[Fields, Fields], Event | None]
