"""Holds over HTTP: the exception queue, and what a person may do with what is in it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import Field

from throughline.api.asking import Actor, Cursor, Limit, TheMachine, link_next
from throughline.api.shapes import Asked, Page, Shape, money
from throughline.core import exact
from throughline.core.money import Money
from throughline.core.rights import Right, needs
from throughline.hub import holds, overview
from throughline.hub.holds import NoSuchHold
from throughline.hub.once import Once
from throughline.store import holds as stored
from throughline.store.database import Row

router = APIRouter(tags=["process"])

HoldId = Annotated[str, Path(examples=["hold-ufdlmrkwbx"])]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="A new one for each action; the same one to ask again.",
        examples=["8e03978e-40d5-43e8-bc93-6894a57f9324"],
    ),
]


class Hold(Shape):
    """A run that waits for a person, or waited; or a system that does not let us in, and all that wait for it."""

    id: str = Field(examples=["hold-ufdlmrkwbx"])
    state: Literal["open", "closed"]
    kind: str = Field(examples=["question"])
    why: str = Field(examples=["No tax code for a customer in CH sold by DE."])
    fix: str = Field(examples=["Add a row to tables/tax_codes.csv, then release."])
    owner: str = Field(examples=["Finance operations"])
    part: str | None = Field(examples=["finance"])
    at_risk: Money | None
    choices: list[str] = Field(description="What it may be answered with; empty when it is released instead.")
    candidates: list[dict[str, Any]] = Field(description="Records to compare.")
    engagement: str | None = Field(description="None for a system's.")
    run: str | None = Field(description="None for a system's.")
    system: str | None = Field(description="The system that does not let us in.", examples=["netsuite"])
    waiting: int | None = Field(description="How many runs wait for the system.")
    opened_at: datetime
    closed_at: datetime | None
    closed_how: str | None


class Answer(Asked):
    """A choice, and why."""

    choice: Annotated[str, Field(min_length=1, max_length=200, examples=["approve"])]
    reason: Annotated[str | None, Field(max_length=1000, examples=["Agreed with the client on the phone."])] = None


class Release(Asked):
    """Why it may go on."""

    reason: Annotated[str | None, Field(max_length=1000, examples=["The row is in the table now."])] = None


class Decision(Shape):
    """What was decided. The run goes on by itself."""

    hold: str = Field(examples=["hold-ufdlmrkwbx"])
    run: str | None
    engagement: str | None
    how: str = Field(examples=["answered approve"])
    by: str
    reason: str | None
    at: datetime


@router.get("/holds")
@needs(Right.READ)
async def list_holds(
    machine: TheMachine,
    request: Request,
    response: Response,
    *,
    owner: Annotated[str | None, Query(description="Only this owner's.", examples=["Finance operations"])] = None,
    state: Annotated[Literal["open", "closed"], Query(description="Open ones, or those that were closed.")] = "open",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Hold]:
    """The queue: most money at risk first, then the oldest."""
    found = await overview.queue(machine, owner=owner, state=state, cursor=cursor, limit=limit)
    link_next(request, response, found.next)
    return Page(data=[hold_shape(row) for row in found.rows], next=found.next)


@router.get("/holds/{id}")
@needs(Right.READ)
async def get_hold(machine: TheMachine, id: HoldId) -> Hold:  # noqa: A002 - the name in the path
    """One hold: why, for whom, what it costs, and what to do."""
    row = await stored.one(machine.pool, id)
    if row is None:
        raise NoSuchHold(f"There is no hold {id}.")
    return hold_shape(row)


@router.post("/holds/{id}/answer")
@needs(Right.DECIDE)
async def answer_hold(
    machine: TheMachine,
    actor: Actor,
    *,
    id: HoldId,  # noqa: A002 - same
    asked: Answer,
    key: Key,
    response: Response,
) -> Decision:
    """Answer the question it asks; the run goes on. Send the same Idempotency-Key to ask again safely."""
    once = Once(key, exact.digest("answer", id, asked.choice, asked.reason))
    decided = await holds.answer(machine, id, asked.choice, person=actor, reason=asked.reason, once=once)
    return _decision(decided, response)


@router.post("/holds/{id}/release")
@needs(Right.DECIDE)
async def release_hold(
    machine: TheMachine,
    actor: Actor,
    *,
    id: HoldId,  # noqa: A002 - same
    key: Key,
    response: Response,
    asked: Release | None = None,
) -> Decision:
    """Run the process again, now that the cause is gone; nothing is done twice."""
    reason = asked.reason if asked else None
    once = Once(key, exact.digest("release", id, reason))
    decided = await holds.release(machine, id, person=actor, reason=reason, once=once)
    return _decision(decided, response)


def hold_shape(row: Row | dict[str, Any]) -> Hold:
    same = ("id", "state", "kind", "why", "fix", "owner", "part", "choices", "candidates", "run", "system", "waiting")
    return Hold(
        **{name: row[name] for name in same},
        engagement=row["correlation"],
        at_risk=money(row["amount"], row["currency"]),
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
        closed_how=row["closed_how"],
    )


def _decision(decided: dict[str, Any], response: Response) -> Decision:
    if decided["replayed"]:
        response.headers["Idempotent-Replayed"] = "true"
    return Decision(
        hold=decided["id"],
        run=decided["run"],
        engagement=decided["correlation"],
        how=decided["how"],
        by=decided["by"],
        reason=decided["reason"],
        at=decided["at"],
    )
