"""What every canonical entity is: a frozen value with an identity of ours."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    Strict,
    field_validator,
    model_validator,
)

from throughline.core.money import Money

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_registered: dict[str, type["Entity"]] = {}

KINDS: Mapping[str, type["Entity"]] = MappingProxyType(_registered)


class UnknownKind(LookupError):
    """A name that is no entity of ours."""


def entity_kind(name: str) -> type["Entity"]:
    """The entity of that name: `entity_kind("project") is Project`."""
    if name not in KINDS:
        raise UnknownKind(f"there is no entity {name!r}; there are {', '.join(sorted(KINDS))}")
    return KINDS[name]


def _day(value: object) -> object:
    if (type(value) is date) or (isinstance(value, str) and _ISO_DAY.fullmatch(value)):
        return value
    raise ValueError(f"{value!r} is not a day: give a date, or text such as '2026-03-31'")


def _instant(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and _ISO_DAY.match(value)):
        return value
    raise ValueError(
        f"{value!r} is not an instant: give an aware date and time, or text such as '2026-03-31T09:00:00Z'"
    )


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{value!r} is outside the years we can write in UTC") from error


# Numbers are never read as days or instants, nor text as a flag: a guess there is a wrong invoice nobody notices.
Day = Annotated[date, BeforeValidator(_day)]
Instant = Annotated[AwareDatetime, BeforeValidator(_instant), AfterValidator(_in_utc)]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict()]
Key = Annotated[str, Field(min_length=1)]


class Value(BaseModel, frozen=True, extra="forbid"):
    """A part of an entity: a line, an instalment, an approval."""


class Entity(Value, frozen=True):
    """A thing the firm talks about, under an id of ours; what each system calls it is kept in links."""

    kind: ClassVar[str]
    # The field that tells who this is, whichever system speaks; None where only a person can say it.
    known_by: ClassVar[str | None] = None

    id: str

    @field_validator("id")
    @classmethod
    def _is_named(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("is empty: every entity has an id of ours")
        return value

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        if "kind" not in cls.__dict__:
            return
        if cls.kind in _registered:
            raise TypeError(
                f"two entities are called {cls.kind!r}: {_registered[cls.kind].__name__} and {cls.__name__}"
            )
        _registered[cls.kind] = cls


class Spanning(Value, frozen=True):
    """Lasts from one day to another, both included; either may not be known yet."""

    starts: Day | None = None
    ends: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        refuse_backwards(self.starts, self.ends)
        return self


class Lasting(Value, frozen=True):
    """Lasts from one day to another, both included and both known."""

    starts: Day
    ends: Day

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        refuse_backwards(self.starts, self.ends)
        return self


def refuse_backwards(starts: date | None, ends: date | None) -> None:
    if starts and ends and ends < starts:
        raise ValueError(f"ends on {ends}, before it starts on {starts}: correct one of the two")


def refuse_other_currencies(currency: str, monies: Iterable[Money | None]) -> None:
    """One document, one currency."""
    strangers = sorted({money.currency for money in monies if money is not None} - {currency})
    if strangers:
        raise ValueError(f"has amounts in {', '.join(strangers)} though it is in {currency}: convert or correct them")
