"""Captures over HTTP: every exchange with a system, as it was kept."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from throughline.api.asking import Cursor, Limit, TheMachine, link_next
from throughline.api.problems import Wrong
from throughline.api.shapes import Page, Shape
from throughline.core.rights import Right, needs
from throughline.hub import overview
from throughline.hub.retention import reading
from throughline.store.database import Row

router = APIRouter(tags=["system"])


class Capture(Shape):
    """One recorded exchange, without its bodies."""

    id: int
    at: datetime
    system: str = Field(examples=["salesforce"])
    direction: Literal["in", "out"]
    state: str = Field(examples=["done"])
    method: str = Field(examples=["PATCH"])
    url: str
    status: int | None
    outcome: str = Field(examples=["fine"])
    took_ms: float | None
    engagement: str | None
    run: str | None


class WholeCapture(Capture):
    """One recorded exchange, verbatim but for secrets."""

    request_headers: dict[str, str]
    request_body: str
    answer_headers: dict[str, str]
    answer_body: str


@router.get("/captures")
@needs(Right.EXCHANGES)
async def list_captures(
    machine: TheMachine,
    request: Request,
    response: Response,
    *,
    system: Annotated[str | None, Query(examples=["salesforce"])] = None,
    state: Annotated[Literal["done", "new", "refused", "failed"] | None, Query()] = None,
    engagement: Annotated[str | None, Query(examples=["opportunity-k6b5cdsjqj"])] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Capture]:
    """Exchanges, newest first."""
    found = await overview.exchanges(
        machine, system=system, state=state, engagement=engagement, cursor=cursor, limit=limit
    )
    link_next(request, response, found.next)
    return Page(data=[Capture(**_capture(row)) for row in found.rows], next=found.next)


@router.get("/captures/{id}")
@needs(Right.EXCHANGES)
async def get_capture(machine: TheMachine, id: int) -> WholeCapture:  # noqa: A002 - the name in the path
    """One exchange, with its bodies. Secrets were taken out before it was kept."""
    row = await reading.capture(machine, id)
    if row is None:
        raise Wrong("not_found", f"There is no capture {id}.")
    return WholeCapture(
        **_capture(row),
        request_headers=row["request_headers"],
        request_body=row["request_body"].decode("utf-8", "replace"),
        answer_headers=row["answer_headers"],
        answer_body=row["answer_body"].decode("utf-8", "replace"),
    )


def _capture(row: Row | dict[str, Any]) -> dict[str, Any]:
    told = {name: row[name] for name in Capture.model_fields if name != "engagement"}
    return {**told, "engagement": row["correlation"]}
