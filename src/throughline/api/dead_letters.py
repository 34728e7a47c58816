"""Dead letters over HTTP: what could not be taken in or gone through with, and why."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from throughline.api.asking import Cursor, Limit, TheMachine, link_next
from throughline.api.problems import Wrong
from throughline.api.shapes import Page, Shape
from throughline.core.rights import Right, needs
from throughline.hub import overview
from throughline.store import dead_letters
from throughline.store.database import Row

router = APIRouter(tags=["process"])

LetterId = Annotated[str, Path(examples=["dead-delivery-4711"])]


class DeadLetter(Shape):
    """Something that failed: what it was, why, how often, and whether it is tried again by itself."""

    id: str = Field(examples=["dead-delivery-4711"])
    source: Literal["delivery", "record", "run"]
    state: Literal["trying", "dead", "closed"]
    cause: Literal["unreadable", "refused", "unwell", "defect"]
    system: str | None = Field(examples=["salesforce"])
    kind: str | None = Field(examples=["opportunity"])
    key: str | None
    capture: int | None = Field(description="What was delivered, verbatim.")
    run: str | None
    why: str
    attempts: int
    first_at: datetime
    last_at: datetime
    due_at: datetime | None = Field(description="When it is tried again by itself.")
    closed_at: datetime | None
    closed_how: str | None


class DeadLetterInFull(DeadLetter):
    """With what came, and where in the program it failed."""

    input: dict[str, Any] | None
    trace: str


@router.get("/dead-letters")
@needs(Right.EXCHANGES)
async def list_dead_letters(
    machine: TheMachine,
    request: Request,
    response: Response,
    *,
    system: Annotated[str | None, Query(examples=["salesforce"])] = None,
    kind: Annotated[str | None, Query(examples=["opportunity"])] = None,
    cause: Annotated[Literal["unreadable", "refused", "unwell", "defect"] | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[DeadLetter]:
    """What is not closed, newest first."""
    found = await overview.unmended(machine, system=system, kind=kind, cause=cause, cursor=cursor, limit=limit)
    link_next(request, response, found.next)
    return Page(data=[DeadLetter(**_said(row, DeadLetter)) for row in found.rows], next=found.next)


@router.get("/dead-letters/{id}")
@needs(Right.EXCHANGES)
async def get_dead_letter(machine: TheMachine, id: LetterId) -> DeadLetterInFull:  # noqa: A002 - the name in the path
    """One of them, whole."""
    row = await dead_letters.one(machine.pool, id)
    if row is None:
        raise Wrong("not_found", f"There is no dead letter {id}.")
    return DeadLetterInFull(**_said(row, DeadLetterInFull))


def _said(row: Row, shape: type[Shape]) -> dict[str, Any]:
    return {name: row[name] for name in shape.model_fields}
