"""Systems over HTTP: what is installed, and whether it can be worked with."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from throughline.api.asking import TheMachine
from throughline.api.shapes import Shape
from throughline.core.rights import Right, needs
from throughline.hub import systems
from throughline.hub.systems import Condition, Standing

router = APIRouter(tags=["system"])


class Rest(Shape):
    """An endpoint that kept failing and is left alone."""

    endpoint: str = Field(examples=["POST /services/rest/record/v1/customer"])
    until: datetime
    why: str


class Poll(Shape):
    """How far one kind was read; `why` says what stopped the last poll, null when nothing did."""

    kind: str = Field(examples=["customer"])
    cursor: str | None
    polled_at: datetime | None
    why: str | None


class System(Shape):
    """One installed product as it stands now."""

    name: str = Field(examples=["netsuite"])
    product: str = Field(examples=["netsuite"])
    address: str = Field(examples=["https://halyard-sb1.suitetalk.api.netsuite.com"])
    roles: list[str] = Field(examples=[["erp"]])
    condition: Condition
    note: str = Field(description="Why it is not ok, in one sentence; empty when it is.")
    last_contact: datetime | None
    calls_today: int
    failed_today: int
    per_day: int | None = Field(description="How many calls a day the firm allows; null for no limit.")
    per_second: float | None
    burst: int | None
    left: int | None = Field(description="Calls in the shared bucket now.")
    token_expires_at: datetime | None
    token_refreshed_at: datetime | None
    resting: list[Rest]
    polls: list[Poll]


class Systems(Shape):
    """Every system of the firm."""

    data: list[System]


@router.get("/systems")
@needs(Right.ESTATE)
async def list_systems(machine: TheMachine) -> Systems:
    """Every installed system with its state, last contact, traffic and limits."""
    return Systems(data=[_system(each) for each in await systems.listed(machine)])


@router.get("/systems/{name}")
@needs(Right.ESTATE)
async def get_system(machine: TheMachine, name: str) -> System:
    """One installed system."""
    return _system(await systems.one(machine, name))


def _system(standing: Standing) -> System:
    return System.model_validate(standing, from_attributes=True)
