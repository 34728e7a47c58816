"""Runs over HTTP: executions of a workflow, with what each did."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from throughline.api.asking import Actor, Cursor, Limit, TheMachine, link_next
from throughline.api.holds import Key
from throughline.api.problems import Wrong
from throughline.api.shapes import Asked, Page, Shape
from throughline.core import exact
from throughline.core.rights import Right, needs
from throughline.hub import cancels, overview
from throughline.hub.cancels import Wish
from throughline.hub.once import Once
from throughline.store import effects, runs
from throughline.store.database import Row

router = APIRouter(tags=["process"])


class Run(Shape):
    """One execution of a workflow."""

    id: str = Field(examples=["run-2gdaaf5qhnrz"])
    workflow: str = Field(examples=["opportunity-to-project"])
    lane: str
    event: str = Field(examples=["OpportunityWon"])
    subject: str
    engagement: str
    state: str = Field(examples=["done"])
    why: str | None
    parts: list[dict[str, Any]]
    passes: int
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


class Effect(Shape):
    """One thing done to a system, once."""

    key: str
    system: str = Field(examples=["netsuite"])
    kind: str = Field(examples=["contract"])
    entity: str
    operation: str = Field(examples=["create"])
    rung: str = Field(examples=["A"], description="How strongly the vendor lets us avoid doing it twice, A to E.")
    state: str = Field(examples=["confirmed"])
    part: str | None
    fields: dict[str, Any]
    their_key: str | None
    attempts: int
    why: str | None
    took_ms: float | None
    at: datetime


class RunWithEffects(Run):
    """A run and what it did, in the order it was written down."""

    effects: list[Effect]


class Cancel(Asked):
    """Why it is cancelled, and whether what it did is to be undone."""

    reason: Annotated[str, Field(min_length=1, max_length=1000, examples=["The client walked away."])]
    undo: Annotated[bool, Field(description="Begin what its workflow says undoing means.")] = False


class Cancelled(Shape):
    """`cancelling` until the pass under way has ended; from `cancelled` on nothing more is sent for it."""

    run: str = Field(examples=["run-2gdaaf5qhnrz"])
    engagement: str
    state: Literal["cancelled", "cancelling"]
    undone_by: str | None = Field(description="The run that undoes it.")
    by: str
    reason: str
    at: datetime


@router.get("/runs")
@needs(Right.READ)
async def list_runs(
    machine: TheMachine,
    request: Request,
    response: Response,
    *,
    workflow: Annotated[str | None, Query(examples=["opportunity-to-project"])] = None,
    state: Annotated[
        Literal["due", "held", "waiting", "retrying", "done", "defect", "cancelled"] | None, Query()
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Run]:
    """Runs, newest first."""
    found = await overview.executions(machine, workflow=workflow, state=state, cursor=cursor, limit=limit)
    link_next(request, response, found.next)
    return Page(data=[Run(**_run(row)) for row in found.rows], next=found.next)


@router.get("/runs/{id}")
@needs(Right.READ)
async def get_run(machine: TheMachine, id: str) -> RunWithEffects:  # noqa: A002 - the name in the path
    """One run with its effects."""
    row = await runs.one(machine.pool, id)
    if row is None:
        raise Wrong("not_found", f"There is no run {id}.")
    done = await effects.of_run(machine.pool, id)
    return RunWithEffects(**_run(row), effects=[_effect(each) for each in done])


@router.post("/runs/{id}/cancel")
@needs(Right.CANCEL)
async def cancel_run(
    machine: TheMachine,
    actor: Actor,
    *,
    id: Annotated[str, Path(examples=["run-2gdaaf5qhnrz"])],  # noqa: A002 - same
    asked: Cancel,
    key: Key,
    response: Response,
) -> Cancelled:
    """Stop a run for good, and undo it if asked to. Its open holds close with the reason."""
    once = Once(key, exact.digest("cancel", id, asked.reason, asked.undo))
    told = await cancels.cancel(machine, id, Wish(actor, asked.reason, asked.undo), once=once)
    if told["replayed"]:
        response.headers["Idempotent-Replayed"] = "true"
    same = {name: told[name] for name in ("run", "state", "undone_by", "reason", "at")}
    return Cancelled(**same, engagement=told["correlation"], by=told["person"])


def _run(row: Row | dict[str, Any]) -> dict[str, Any]:
    told = {name: row[name] for name in Run.model_fields if name not in {"event", "engagement"}}
    if row["cancelled_at"]:
        told["state"] = "cancelled"
    return {**told, "event": row["event_type"], "engagement": row["correlation"]}


def _effect(row: Row | dict[str, Any]) -> Effect:
    return Effect(**{name: row[name] for name in Effect.model_fields})
