"""Replays over HTTP: what is to be gone through again, planned first if wanted, and how far that has come."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import AwareDatetime, Field

from throughline.api.asking import Actor, Cursor, Limit, TheMachine, link_next
from throughline.api.holds import Key
from throughline.api.shapes import Asked, Page, Shape
from throughline.core import exact
from throughline.core.money import Money
from throughline.core.rights import Right, needs
from throughline.hub import overview, replays
from throughline.hub.once import Once
from throughline.hub.replays import Order, Progress
from throughline.store.database import Row
from throughline.store.replayable import Wanted

router = APIRouter(tags=["process"])

ReplayId = Annotated[str, Path(examples=["replay-7f3k2qxm4a"])]
Said = Annotated[str | None, Field(max_length=200)]


class NewReplay(Asked):
    """What is to be gone through again. What is not said does not matter; ids need nothing else."""

    of: Literal["dead_letters", "runs", "captures"] = "dead_letters"
    ids: Annotated[tuple[str, ...], Field(max_length=10_000, examples=[["dead-delivery-4711"]])] = ()
    since: Annotated[AwareDatetime | None, Field(examples=["2026-11-01T00:00:00Z"])] = None
    until: Annotated[AwareDatetime | None, Field(examples=["2026-12-01T00:00:00Z"])] = None
    system: Annotated[Said, Field(examples=["salesforce"])] = None
    kind: Annotated[Said, Field(examples=["opportunity"])] = None
    state: Annotated[Said, Field(examples=["dead"])] = None
    text: Annotated[Said, Field(examples=["tax code"])] = None
    workflow: Annotated[Said, Field(examples=["opportunity-to-project"])] = None
    cause: Annotated[Said, Field(examples=["defect"])] = None
    dry_run: Annotated[bool, Field(description="Say what would be sent, and send nothing.")] = False
    reason: Annotated[str, Field(min_length=1, max_length=1000, examples=["The mapping knows the stage now."])]


class WouldSend(Shape):
    """How many effects of a kind a dry run found, and what they are worth."""

    system: str = Field(examples=["netsuite"])
    kind: str = Field(examples=["contract"])
    operation: str = Field(examples=["create"])
    count: int
    amounts: list[Money]


class Replay(Shape):
    """A replay, and how far it has come."""

    id: str = Field(examples=["replay-7f3k2qxm4a"])
    state: Literal["running", "done", "cancelled"]
    dry_run: bool
    query: dict[str, Any]
    asked_by: str
    reason: str | None
    total: int
    waiting: int
    under_way: int
    done: int
    left: int = Field(description="Not gone through; each item says why.")
    would_send: list[WouldSend]
    would_stop: int = Field(description="Runs that would not come to their end.")
    asked_at: datetime
    finished_at: datetime | None


class ReplayItem(Shape):
    """One thing that is gone through again."""

    n: int
    source: Literal["dead_letter", "capture", "run"]
    what: str = Field(examples=["dead-delivery-4711"])
    state: Literal["waiting", "under way", "done", "left"]
    outcome: str | None = Field(examples=["would send 5"])
    detail: dict[str, Any] | None
    at: datetime | None


@router.post("/replays")
@needs(Right.REPLAY)
async def begin_replay(machine: TheMachine, actor: Actor, asked: NewReplay, key: Key) -> Replay:
    """Begin a replay, or a dry run of one. Workers go through it; ask for it again to see how far it has come."""
    said = asked.model_dump(exclude={"of", "ids", "reason", "dry_run"})
    wanted = Wanted(ids=asked.ids, **said)
    once = Once(key, exact.digest("replay", asked.model_dump(mode="json")))
    order = Order(asked.of, wanted, actor, asked.reason, asked.dry_run)
    return replay_shape(await replays.progress(machine, await replays.begin(machine, order, once=once)))


@router.get("/replays")
@needs(Right.REPLAY)
async def list_replays(
    machine: TheMachine, request: Request, response: Response, *, cursor: Cursor = None, limit: Limit = 50
) -> Page[Replay]:
    """Replays, newest first."""
    found = await overview.replayed(machine, cursor=cursor, limit=limit)
    link_next(request, response, found.next)
    return Page(data=[replay_shape(each) for each in found.rows], next=found.next)


@router.get("/replays/{id}")
@needs(Right.REPLAY)
async def get_replay(machine: TheMachine, id: ReplayId) -> Replay:  # noqa: A002 - the name in the path
    """One replay, and how far it has come."""
    return replay_shape(await replays.progress(machine, id))


@router.get("/replays/{id}/items")
@needs(Right.REPLAY)
async def list_replay_items(
    machine: TheMachine,
    request: Request,
    response: Response,
    id: ReplayId,  # noqa: A002 - same
    *,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ReplayItem]:
    """Its items in the order they are gone through, each with what became of it."""
    found = await overview.replay_items(machine, id, cursor=cursor, limit=limit)
    link_next(request, response, found.next)
    return Page(data=[_item(row) for row in found.rows], next=found.next)


@router.post("/replays/{id}/cancel")
@needs(Right.REPLAY)
async def cancel_replay(machine: TheMachine, actor: Actor, id: ReplayId) -> Replay:  # noqa: A002 - same
    """Begin nothing more of it. What has been begun is finished."""
    await replays.cancel(machine, id, person=actor)
    return replay_shape(await replays.progress(machine, id))


def replay_shape(progress: Progress) -> Replay:
    row, counts = progress.row, progress.counts
    same = ("id", "state", "dry_run", "query", "asked_by", "reason", "total", "asked_at", "finished_at")
    return Replay(
        **{name: row[name] for name in same},
        waiting=counts.get("waiting", 0),
        under_way=counts.get("under way", 0),
        done=counts.get("done", 0),
        left=counts.get("left", 0),
        would_send=row["summary"].get("would_send", []),
        would_stop=row["summary"].get("would_stop", 0),
    )


def _item(row: Row) -> ReplayItem:
    return ReplayItem(**{name: row[name] for name in ReplayItem.model_fields})
