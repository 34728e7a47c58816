"""Usage over HTTP: what a meter said, handed in to be billed with the month."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from throughline.api.asking import Actor, TheMachine
from throughline.api.holds import Key
from throughline.api.problems import Pointed, Wrong
from throughline.api.shapes import Asked, Shape
from throughline.core import exact
from throughline.core.entities import Unit
from throughline.core.entities.base import Day
from throughline.core.money import Exact
from throughline.core.rights import Right, needs
from throughline.hub import usage
from throughline.hub.once import Once
from throughline.hub.usage import Metered, NotTaken

router = APIRouter(tags=["process"])

Text = Annotated[str, Field(min_length=1, max_length=200)]


class NewReading(Asked):
    """How much was used on a day. The same reference again is a correction of what was said under it before."""

    reference: Annotated[
        Text, Field(description="The meter's own id of this reading.", examples=["meter-7/2026-11-19"])
    ]
    of: Annotated[Text, Field(description="A project or a contract, by any of its ids.", examples=["SO1042"])]
    day: Annotated[Day, Field(examples=["2026-11-19"])]
    quantity: Annotated[Exact, Field(description="As text, so that every digit is kept.", examples=["1250.5"])]
    unit: Annotated[Unit, Field(examples=["each"])]
    line: Annotated[
        Text | None,
        Field(description="The contract's line or product; not needed where one is sold by usage.", examples=["API"]),
    ] = None
    approved_by: Annotated[
        Text | None,
        Field(description="Who says it may be billed; without it, it waits.", examples=["ops@firm.example"]),
    ] = None
    note: Annotated[str | None, Field(max_length=1000)] = None


class NewReadings(Asked):
    """Readings that are taken together: all of them, or none."""

    readings: Annotated[tuple[NewReading, ...], Field(min_length=1, max_length=1000)]


class Reading(Shape):
    """A reading as we call it, and whether it said anything new."""

    reference: str = Field(examples=["meter-7/2026-11-19"])
    id: str = Field(examples=["usage_reading-k2fq7mzp4w3xh6dt"])
    new: bool


class Readings(Shape):
    """In the order they were sent."""

    readings: list[Reading]


@router.post("/usage")
@needs(Right.USAGE)
async def take_usage(machine: TheMachine, actor: Actor, asked: NewReadings, key: Key, response: Response) -> Readings:
    """Hand in what meters said. What cannot be priced is a hold, not an error; what nobody approved waits."""
    metered = [Metered(**{name: getattr(each, name) for name in NewReading.model_fields}) for each in asked.readings]
    once = Once(key, exact.digest("usage", asked.model_dump(mode="json")))
    try:
        taken = await usage.take(machine, metered, person=actor, once=once)
    except NotTaken as error:
        wrong = [Pointed(pointer=f"#/readings/{n}", detail=why) for n, why in sorted(error.wrong.items())]
        raise Wrong("invalid", str(error), errors=wrong) from error
    if taken.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    told = zip(asked.readings, taken.ids, strict=True)
    return Readings(readings=[Reading(reference=each.reference, id=id_, new=id_ in taken.new) for each, id_ in told])
