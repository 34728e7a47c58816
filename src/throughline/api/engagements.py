"""Engagements over HTTP: what became of a won deal, under any id of any system."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from throughline.api.asking import Cursor, Limit, TheMachine, link_next
from throughline.api.holds import Hold, hold_shape
from throughline.api.problems import Wrong
from throughline.api.shapes import Page, Shape, monies
from throughline.core.money import Money
from throughline.core.rights import Right, needs
from throughline.hub import engagements, origins, overview, story, worth
from throughline.hub.machine import Machine
from throughline.hub.overview import Listed
from throughline.hub.stages import Reached

router = APIRouter(tags=["experience"])


class Stage(Shape):
    """One of six stages: done, running, held, waiting or failed."""

    stage: str = Field(examples=["contract"])
    state: str = Field(examples=["held"])


class EngagementRow(Shape):
    """One engagement of the list."""

    id: str = Field(examples=["opportunity-k6b5cdsjqj"])
    name: str
    customer: str
    commercial_model: str = Field(examples=["fixed_fee"])
    legal_entity: str = Field(examples=["DE"])
    amount: Money | None
    state: str = Field(examples=["held"])
    began: datetime
    ended: datetime | None
    open_holds: int
    at_risk: list[Money]
    stages: list[Stage]


class Identifier(Shape):
    """One of its ids: theirs (`key`) beside ours (`id`)."""

    system: str = Field(examples=["netsuite"])
    kind: str = Field(examples=["customer"])
    id: str
    key: str


class Part(Shape):
    """A part of the process that may be held on its own."""

    name: str = Field(examples=["finance"])
    state: str
    why: str | None
    owner: str


class Engagement(Shape):
    """One engagement, whole."""

    id: str = Field(examples=["opportunity-k6b5cdsjqj"])
    deal: dict[str, Any]
    customer: dict[str, Any]
    state: str
    began: datetime
    ended: datetime | None
    parts: list[Part]
    stages: list[Stage]
    runs: list[str]
    identifiers: list[Identifier]
    holds: list[Hold]


class Beat(Shape):
    """One thing that happened, or a burst of like things (`count`)."""

    key: str
    kind: str = Field(examples=["effect"])
    at: datetime
    began: datetime
    system: str
    role: str
    title: str = Field(examples=["8 tasks created"])
    detail: str
    state: str
    count: int
    id: str | None
    took_ms: float | None


class Timeline(Shape):
    """The story, oldest first."""

    engagement: str
    data: list[Beat]


class Exchange(Shape):
    """One exchange on the wire, with the first 4,000 characters of each body; the capture has them whole."""

    id: int
    at: datetime
    system: str
    direction: str
    state: str
    method: str
    url: str
    status: int | None
    outcome: str
    took_ms: float | None
    request_body: str
    answer_body: str


class Exchanges(Shape):
    """The exchanges of one engagement, oldest first."""

    engagement: str
    data: list[Exchange]


class Step(Shape):
    """One rung of the money ladder; `unknown` is how many of its records are worth nobody knows what."""

    rung: str = Field(examples=["approved"])
    amounts: list[Money]
    records: int
    unknown: int


class Gap(Shape):
    """A difference between two rungs: `tied` when it is only not there yet."""

    name: str = Field(examples=["Approved, not billed"])
    amount: Money
    tied: bool


class Ladder(Shape):
    """The money of one engagement, from the sale to the books."""

    engagement: str
    steps: list[Step]
    gaps: list[Gap]


class RefusedValue(Shape):
    """A value that another system gave, and that was not believed."""

    system: str
    value: Any
    at: datetime


class Origin(Shape):
    """One field. `system` is empty and `at` null for what nobody said; `unread` is why a newer value is not taken."""

    field: str
    value: Any
    system: str = Field(examples=["salesforce"])
    at: datetime | None
    capture: int | None = Field(description="The newest exchange of the minute before that names it.")
    rule: str = Field(description="The line of `ownership.yaml`, as the firm wrote it.", examples=["customer: *: crm"])
    owner: str = Field(examples=["salesforce"])
    refused: list[RefusedValue]
    unread: str


class ValuedThing(Shape):
    """One entity, and why it is as it is; `keys` is what each system calls it."""

    id: str
    kind: str
    version: int
    keys: dict[str, str]
    fields: list[Origin]


class Values(Shape):
    """The deal's values, its customer's, and those of what was made of it."""

    engagement: str
    data: list[ValuedThing]


@router.get("/engagements")
@needs(Right.READ)
async def list_engagements(
    machine: TheMachine, request: Request, response: Response, cursor: Cursor = None, limit: Limit = 50
) -> Page[EngagementRow]:
    """Won deals, newest first."""
    found = await overview.deals(machine, cursor=cursor, limit=limit)
    link_next(request, response, found.next)
    return Page(data=[_row(each) for each in found.rows], next=found.next)


@router.get("/engagements/{any_id}")
@needs(Right.READ)
async def get_engagement(machine: TheMachine, any_id: str) -> Engagement:
    """The engagement behind any id: ours, or any system's id of its customer, deal, contract, project or message."""
    found = await engagements.one(machine, await only_one(machine, any_id))
    return Engagement(
        id=found.id,
        deal=found.deal,
        customer=found.customer,
        state=found.state,
        began=found.began,
        ended=found.ended,
        parts=[Part.model_validate(each) for each in found.parts],
        stages=_stages(await overview.stages(machine, found)),
        runs=[run["id"] for run in found.runs],
        identifiers=[Identifier.model_validate(each) for each in found.identifiers],
        holds=[hold_shape(each) for each in found.holds],
    )


@router.get("/engagements/{any_id}/timeline")
@needs(Right.READ)
async def get_timeline(machine: TheMachine, any_id: str) -> Timeline:
    """What happened, told as a story."""
    told = await story.of(machine, await only_one(machine, any_id))
    data = [Beat(**{name: getattr(beat, name) for name in Beat.model_fields}) for beat in told.beats]
    return Timeline(engagement=told.engagement.id, data=data)


@router.get("/engagements/{any_id}/money")
@needs(Right.READ)
async def get_money(machine: TheMachine, any_id: str) -> Ladder:
    """What an engagement is worth at each step from the sale to the books, and what does not tie."""
    id_ = await only_one(machine, any_id)
    found = await worth.ladder(machine, id_)
    steps = [
        Step(rung=each.rung, amounts=monies(each.amounts), records=each.records, unknown=each.unknown)
        for each in found.steps
    ]
    gaps = [Gap(name=each.name, amount=Money.of(each.amount, each.currency), tied=each.tied) for each in found.gaps]
    return Ladder(engagement=id_, steps=steps, gaps=gaps)


@router.get("/engagements/{any_id}/values")
@needs(Right.READ)
async def get_values(machine: TheMachine, any_id: str) -> Values:
    """Why each value is what it is: who said it, when, which policy line decided, and what was refused."""
    found = await engagements.one(machine, await only_one(machine, any_id))
    things = await origins.of(machine, found)
    return Values(engagement=found.id, data=[ValuedThing.model_validate(each) for each in things])


@router.get("/engagements/{any_id}/exchanges")
@needs(Right.EXCHANGES)
async def get_exchanges(machine: TheMachine, any_id: str) -> Exchanges:
    """What was said on the wire, scrubbed."""
    found = await engagements.one(machine, await only_one(machine, any_id))
    return Exchanges(engagement=found.id, data=[Exchange.model_validate(each) for each in found.exchanges])


async def only_one(machine: Machine, any_id: str) -> str:
    """An id may belong to several engagements (a customer's does): then it is for the caller to choose."""
    found = await engagements.behind(machine, any_id)
    if len(found) > 1:
        raise Wrong("several_choices", f"{any_id} belongs to {len(found)} engagements.", choices=found)
    return found[0]


def _row(listed: Listed) -> EngagementRow:
    return EngagementRow(
        id=listed.id,
        name=listed.name,
        customer=listed.customer,
        commercial_model=listed.commercial_model,
        legal_entity=listed.legal_entity,
        amount=Money.model_validate(listed.amount) if listed.amount else None,
        state=listed.state,
        began=listed.began,
        ended=listed.ended,
        open_holds=listed.open_holds,
        at_risk=monies(listed.at_risk),
        stages=_stages(listed.stages),
    )


def _stages(stages: tuple[Reached, ...]) -> list[Stage]:
    return [Stage(stage=each.stage.value, state=each.state) for each in stages]
