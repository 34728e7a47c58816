"""Batches over HTTP: one deed for many holds, said beforehand if wanted, and how far it has come."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import AwareDatetime, Field

from throughline.api.asking import Actor, Cursor, Limit, TheMachine, link_next
from throughline.api.cuts import State
from throughline.api.holds import Key, Totals, totals_shape
from throughline.api.shapes import Asked, Page, Shape, money, monies
from throughline.core import exact
from throughline.core.money import Currency, Money
from throughline.core.rights import Right, needs
from throughline.hub.desk import batches
from throughline.hub.desk.batches import Action, Order, Progress
from throughline.hub.once import Once
from throughline.store.database import Row
from throughline.store.queue import Wanted

router = APIRouter(tags=["process"])

BatchId = Annotated[str, Path(examples=["batch-7f3k2qxm4a"])]
Said = Annotated[str | None, Field(max_length=200)]


class BatchCut(Asked):
    """Which holds: these ids, or all that fit. What is not said does not matter."""

    ids: Annotated[tuple[str, ...], Field(max_length=10_000, examples=[["hold-ufdlmrkwbx"]])] = ()
    state: State = "open"
    owner: Said = None
    assignee: Said = None
    system: Said = None
    workflow: Said = None
    cause: Said = None
    currency: Currency | None = None
    at_least: Annotated[Decimal | None, Field(allow_inf_nan=False)] = None
    unknown: bool = False
    opened_before: AwareDatetime | None = None


class BatchDeed(Asked):
    """What is to be done to which holds."""

    action: Action = Field(examples=["release"])
    holds: BatchCut
    choice: Annotated[Said, Field(description="With `answer`.", examples=["approve"])] = None
    to: Annotated[Said, Field(description="With `assign`; null for nobody.", examples=["Ann"])] = None
    until: Annotated[AwareDatetime | None, Field(description="With `snooze`.")] = None
    canary: bool = Field(default=False, description="The least at risk goes first; the rest when it went through.")
    reason: Annotated[str, Field(min_length=1, max_length=1000, examples=["The row is in the table now."])]


class NewBatch(BatchDeed):
    """A deed that is to be done."""

    expect: Annotated[
        int | None, Field(ge=1, description="How many holds you saw: if there are others by now, nothing begins.")
    ] = None


class BatchPreview(Shape):
    """What a batch would be about."""

    totals: Totals
    unfit: int = Field(description="Nothing can be done like this to so many of them.")


class Batch(Shape):
    """A batch, and how far it has come."""

    id: str = Field(examples=["batch-7f3k2qxm4a"])
    state: Literal["running", "done", "stopped", "cancelled"]
    action: str
    said: dict[str, Any]
    query: dict[str, Any]
    cause: str | None = Field(description="Resolved when all of it went through.")
    canary: bool
    asked_by: str
    reason: str
    total: int
    at_risk: list[Money]
    unknown: int
    waiting: int
    under_way: int
    done: int
    left: int = Field(description="Not done, or came back; each item says why.")
    why: str | None = Field(description="Why it was stopped.")
    asked_at: datetime
    finished_at: datetime | None


class BatchItem(Shape):
    """One hold of a batch, and what became of it."""

    n: int
    hold: str = Field(examples=["hold-ufdlmrkwbx"])
    at_risk: Money | None
    state: Literal["waiting", "under way", "done", "left"]
    outcome: str | None = Field(examples=["went through"])
    at: datetime | None


class Clearing(Asked):
    """How a cause was mended."""

    choice: Annotated[Said, Field(description="Answer with it instead of releasing.")] = None
    expect: Annotated[int | None, Field(ge=1)] = None
    reason: Annotated[str, Field(min_length=1, max_length=1000, examples=["The row is in the table now."])]


@router.post("/batches/preview")
@needs(Right.DECIDE)
async def preview_batch(
    machine: TheMachine,
    actor: Actor,
    *,
    asked: BatchDeed,
) -> BatchPreview:
    """A dry run: how many holds, what they come to, and how many this cannot be done to. Nothing begins."""
    told = await batches.preview(machine, _order(asked, actor, None))
    return BatchPreview(totals=totals_shape(told.total), unfit=told.unfit)


@router.post("/batches")
@needs(Right.DECIDE)
async def begin_batch(
    machine: TheMachine,
    actor: Actor,
    *,
    asked: NewBatch,
    key: Key,
) -> Batch:
    """Begin it. Workers carry it out; ask for it again to see how far it has come."""
    once = Once(key, exact.digest("batch", asked.model_dump(mode="json")))
    id_ = await batches.begin(machine, _order(asked, actor, asked.expect), once=once)
    return batch_shape(await batches.progress(machine, id_))


@router.post("/causes/{id}/clear")
@needs(Right.DECIDE)
async def clear_cause(
    machine: TheMachine,
    actor: Actor,
    *,
    id: Annotated[str, Path(examples=["cause-7f3k2qxm4a"])],  # noqa: A002 - the name in the path
    asked: Clearing,
    key: Key,
) -> Batch:
    """Fixed once: the least at risk goes first, the rest when it went through; then the cause is resolved."""
    once = Once(key, exact.digest("clear", id, asked.model_dump(mode="json")))
    order = batches.clearing(id, person=actor, reason=asked.reason, choice=asked.choice, expect=asked.expect)
    return batch_shape(await batches.progress(machine, await batches.begin(machine, order, once=once)))


@router.get("/batches")
@needs(Right.READ)
async def list_batches(
    machine: TheMachine, request: Request, response: Response, *, cursor: Cursor = None, limit: Limit = 50
) -> Page[Batch]:
    """Batches, newest first."""
    found = await batches.listed(machine, cursor=cursor, limit=limit)
    link_next(request, response, found.next)
    return Page(data=[batch_shape(each) for each in found.rows], next=found.next)


@router.get("/batches/{id}")
@needs(Right.READ)
async def get_batch(machine: TheMachine, id: BatchId) -> Batch:  # noqa: A002 - same
    """One batch, and how far it has come."""
    return batch_shape(await batches.progress(machine, id))


@router.get("/batches/{id}/items")
@needs(Right.READ)
async def list_batch_items(
    machine: TheMachine,
    request: Request,
    response: Response,
    id: BatchId,  # noqa: A002 - same
    *,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[BatchItem]:
    """Its holds in the order they are done, each with what became of it."""
    found = await batches.items(machine, id, cursor=cursor, limit=limit)
    link_next(request, response, found.next)
    return Page(data=[_item(row) for row in found.rows], next=found.next)


@router.post("/batches/{id}/cancel")
@needs(Right.DECIDE)
async def cancel_batch(
    machine: TheMachine,
    actor: Actor,
    *,
    id: BatchId,  # noqa: A002 - the name in the path
) -> Batch:
    """Begin nothing more of it. What has been begun is finished."""
    await batches.cancel(machine, id, person=actor)
    return batch_shape(await batches.progress(machine, id))


def _order(asked: BatchDeed, actor: str, expect: int | None) -> Order:
    wanted = Wanted(**asked.holds.model_dump())
    return Order(asked.action, wanted, actor, asked.reason, asked.choice, asked.to, asked.until, asked.canary, expect)


def batch_shape(progress: Progress) -> Batch:
    row, counts = progress.row, progress.counts
    same = ("id", "state", "action", "said", "query", "cause", "canary", "asked_by", "reason", "total", "unknown",
            "why", "asked_at", "finished_at")  # fmt: skip
    return Batch(
        **{name: row[name] for name in same},
        at_risk=monies({currency: Decimal(amount) for currency, amount in row["amounts"].items()}),
        waiting=counts.get("waiting", 0),
        under_way=counts.get("under way", 0),
        done=counts.get("done", 0),
        left=counts.get("left", 0),
    )


def _item(row: Row) -> BatchItem:
    same = ("n", "hold", "state", "outcome", "at")
    return BatchItem(**{name: row[name] for name in same}, at_risk=money(row["amount"], row["currency"]))
