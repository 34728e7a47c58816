"""Holds over HTTP: the exception queue, and what a person may do with what is in it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import Field

from throughline.api.asking import Actor, Cursor, Limit, TheMachine, link_next
from throughline.api.cuts import Cut
from throughline.api.shapes import Asked, Page, Shape, money, monies
from throughline.core import exact
from throughline.core.money import Money
from throughline.core.rights import Right, needs
from throughline.hub import holds
from throughline.hub.desk import background, queue
from throughline.hub.desk.background import Background
from throughline.hub.desk.queue import Total
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
    workflow: str | None = Field(examples=["opportunity-to-project"])
    stuck_at: str | None = Field(description="The system where it is stuck, if that is known.", examples=["netsuite"])
    cause: str | None = Field(description="What it has in common with others.", examples=["cause-7f3k2qxm4a"])
    regressed: bool = Field(description="Its cause was resolved before, and came back.")
    assignee: str | None = Field(examples=["Ann"])
    snoozed_until: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    closed_how: str | None


class Differing(Shape):
    """One field, in our words."""

    name: str = Field(examples=["tax_code"])
    held: Any = Field(description="What they last agreed to; null for nothing.")
    wanted: Any = Field(description="What we wanted to send.")


class Difference(Shape):
    """What could not be sent to a system, beside what it holds."""

    system: str = Field(examples=["netsuite"])
    kind: str = Field(examples=["contract"])
    operation: str = Field(examples=["create"])
    key: str | None = Field(description="Their record; null while they have none.")
    fields: list[Differing]


class Noted(Shape):
    """What somebody did with it, or said about it."""

    person: str
    what: str = Field(examples=["noted"])
    detail: dict[str, Any]
    at: datetime


class HoldWhole(Hold):
    """A hold with what is behind it."""

    difference: Difference | None
    best: str | None = Field(description="What went through most often for its cause.", examples=["released"])
    worked: int = Field(description="How often that went through.")
    came_back: int = Field(description="How often it did not.")
    reasons_that_worked: list[str]
    notes: list[Noted]


class Answer(Asked):
    """A choice, and why."""

    choice: Annotated[str, Field(min_length=1, max_length=200, examples=["approve"])]
    reason: Annotated[str | None, Field(max_length=1000, examples=["Agreed with the client on the phone."])] = None


class Release(Asked):
    """Why it may go on."""

    reason: Annotated[str | None, Field(max_length=1000, examples=["The row is in the table now."])] = None


class Totals(Shape):
    """What a cut of the queue comes to, each engagement's money once."""

    holds: int
    at_risk: list[Money]
    unknown: int = Field(description="Holds whose amount nobody knows; they are in no sum.")


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
    wanted: Cut,
    *,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Hold]:
    """The queue: most money at risk first, then the oldest."""
    found = await queue.page(machine, wanted, cursor=cursor, limit=limit)
    link_next(request, response, found.next)
    return Page(data=[hold_shape(row) for row in found.rows], next=found.next)


@router.get("/holds/totals")
@needs(Right.READ)
async def total_holds(machine: TheMachine, wanted: Cut) -> Totals:
    """What the same cut of the queue comes to."""
    return totals_shape(await queue.total(machine.pool, wanted))


@router.get("/holds/{id}")
@needs(Right.READ)
async def get_hold(machine: TheMachine, id: HoldId) -> HoldWhole:  # noqa: A002 - the name in the path
    """One hold: why, for whom, what it costs, what to do, and what worked before."""
    row = await stored.one(machine.pool, id)
    if row is None:
        raise NoSuchHold(f"There is no hold {id}.")
    return _whole(hold_shape(row), await background.of_hold(machine, row))


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
    return decision_shape(decided, response)


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
    return decision_shape(decided, response)


def totals_shape(total: Total) -> Totals:
    return Totals(holds=total.holds, at_risk=monies(total.amounts), unknown=total.unknown)


def _whole(hold: Hold, known: Background) -> HoldWhole:
    best = known.best
    return HoldWhole(
        **vars(hold),
        difference=Difference.model_validate(known.difference) if known.difference else None,
        best=best.words if best else None,
        worked=best.worked if best else 0,
        came_back=best.came_back if best else 0,
        reasons_that_worked=[row["reason"] for row in known.worked],
        notes=[Noted(person=n["actor"], what=n["action"], detail=n["detail"], at=n["at"]) for n in known.notes],
    )


def hold_shape(row: Row | dict[str, Any]) -> Hold:
    same = (
        "id", "state", "kind", "why", "fix", "owner", "part", "choices", "candidates", "run", "system", "waiting",
        "workflow", "cause", "assignee", "snoozed_until",
    )  # fmt: skip
    return Hold(
        **{name: row[name] for name in same},
        stuck_at=row["at_system"],
        regressed=bool(row["regressed"]),
        engagement=row["correlation"],
        at_risk=money(row["amount"], row["currency"]),
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
        closed_how=row["closed_how"],
    )


def decision_shape(decided: dict[str, Any], response: Response) -> Decision:
    if decided["replayed"]:
        response.headers["Idempotent-Replayed"] = "true"
    return Decision(
        hold=decided["id"],
        run=decided["run"],
        engagement=decided["correlation"],
        how=decided["how"],
        by=decided["by"],
        reason=decided.get("reason") or decided.get("text"),
        at=decided["at"],
    )
