"""Find anything over HTTP: an id, a name, a number or an amount, and the engagements it leads to."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from throughline.api.asking import TheMachine
from throughline.api.shapes import Shape
from throughline.core.money import Money
from throughline.core.rights import Right, needs
from throughline.hub import search

router = APIRouter(tags=["experience"])


class Found(Shape):
    """One engagement and by what it was found; `engagement` is null for something no deal has led to yet."""

    engagement: str | None = Field(examples=["opportunity-k6b5cdsjqj"])
    name: str
    customer: str
    amount: Money | None
    state: str = Field(examples=["held"])
    open_holds: int
    began: datetime | None
    kind: str = Field(examples=["invoice"])
    by: str = Field(examples=["Invoice INV-1042"])


class FoundPage(Shape):
    """What fits best comes first."""

    query: str
    data: list[Found]


@router.get("/find")
@needs(Right.READ)
async def find_anything(
    machine: TheMachine,
    *,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=search.LONGEST,
            description="Any id of any system, a name or its beginning, an invoice or order number, or an amount.",
            examples=["INV-1042"],
        ),
    ],
    limit: Annotated[int, Query(ge=1, le=50, description="How many at most.", examples=[20])] = search.MOST,
) -> FoundPage:
    """The engagements something leads to, best fit first."""
    return FoundPage(
        query=q, data=[Found.model_validate(each) for each in await search.anything(machine, q, limit=limit)]
    )
