"""Clocks over HTTP: the records behind every figure of a hop."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from throughline.api.asking import Cursor, Limit, TheMachine, link_next
from throughline.api.problems import Wrong
from throughline.api.shapes import Page, Shape
from throughline.core.clocks.hops import NoSuchHop
from throughline.core.money import Money
from throughline.core.rights import Right, needs
from throughline.hub.clocks import file
from throughline.hub.clocks.listed import Listed, Which, listed
from throughline.hub.machine import Machine
from throughline.hub.overview import Slice

router = APIRouter(tags=["experience"])

HopName = Annotated[str, Query(description="The hop they time.", examples=["project_open"])]
Wanted = Annotated[Which, Query(description="Those that run, that ended, or that ended so.")]


class ClockShape(Shape):
    """Something on its way over a hop, or through it."""

    id: str = Field(examples=["clock-0a1b2c3d4e5f"])
    hop: str = Field(examples=["project_open"])
    subject: str = Field(description="Whose clock it is: an id of ours.", examples=["opportunity-k2m4"])
    engagement: str
    name: str
    legal_entity: str | None
    amount: Money | None = Field(description="Null when nobody knows.")
    state: Literal["running", "late", "paused", "met", "missed", "untimed", "given_up"]
    began: datetime
    due: datetime | None = Field(description="Null when nothing was agreed on, or while it stands still.")
    ended: datetime | None
    spent_seconds: float | None = Field(description="What counted of the time it took.")


@router.get("/clocks")
@needs(Right.READ)
async def list_clocks(
    machine: TheMachine, request: Request, response: Response, *, hop: HopName, state: Wanted = Which.RUNNING,
    cursor: Cursor = None, limit: Limit = 50,
) -> Page[ClockShape]:  # fmt: skip
    """Those that run by what is due first; those that ended, newest first."""
    found = await _listed(machine, hop, state, cursor, limit)
    link_next(request, response, found.next)
    return Page(data=[ClockShape.model_validate(each) for each in found.rows], next=found.next)


@router.get("/clocks.csv", response_class=StreamingResponse)
@needs(Right.READ)
async def export_clocks(machine: TheMachine, *, hop: HopName, state: Wanted = Which.RUNNING) -> StreamingResponse:
    """The whole list as a file."""
    await _listed(machine, hop, state, None, 1)  # what is wrong with the question is said before the file
    headers = {"Content-Disposition": 'attachment; filename="clocks.csv"'}
    return StreamingResponse(file.lines(machine, hop, state), media_type="text/csv; charset=utf-8", headers=headers)


async def _listed(machine: Machine, hop: str, which: Which, cursor: str | None, limit: int) -> Slice[Listed]:
    try:
        return await listed(machine, hop, which=which, cursor=cursor, limit=limit)
    except NoSuchHop as error:
        raise Wrong("not_found", str(error)) from error
