"""Causes over HTTP: what holds have in common, what worked before, and how people regroup them."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field

from throughline.api.asking import Actor, TheMachine
from throughline.api.cuts import Cut
from throughline.api.hands import Resolution
from throughline.api.holds import Totals, totals_shape
from throughline.api.shapes import Asked, Shape
from throughline.core.rights import Right, needs
from throughline.hub.desk import causes, queue
from throughline.hub.desk.causes import Found, Way
from throughline.hub.desk.queue import Total
from throughline.store.database import Row

router = APIRouter(tags=["process"])

CauseId = Annotated[str, Path(examples=["cause-7f3k2qxm4a"])]
Reason = Annotated[str, Field(min_length=1, max_length=1000, examples=["The same row of the tax table."])]


class Cause(Shape):
    """What holds have in common, and what the open ones come to."""

    id: str = Field(examples=["cause-7f3k2qxm4a"])
    state: Literal["open", "resolved", "regressed"]
    pattern: str = Field(examples=["No tax code for DE selling to … in CH"])
    why_grouped: str
    workflow: str | None
    part: str | None
    kind: str
    merged_into: str | None
    split_from: str | None
    totals: Totals
    first_at: datetime
    regressed_at: datetime | None


class WayThatWasTried(Shape):
    """One way to deal with it: how often it was chosen, and how that ended so far."""

    how: str = Field(examples=["released"])
    choice: str | None
    times: int
    worked: int
    came_back: int


class CauseWhole(Cause):
    """A cause with what was done about it before."""

    merged: list[str]
    ways: list[WayThatWasTried]
    best: str | None = Field(description="What went through most often.", examples=["released"])
    reasons_that_worked: list[str]
    resolved_because: str | None


class CauseGroups(Shape):
    """The causes of a cut of the queue, most money first: the largest 200 at most."""

    data: list[Cause]


class Merge(Asked):
    """Which other cause it is."""

    into: Annotated[str, Field(max_length=200, examples=["cause-9c1qxm4a7f"])]
    reason: Reason


class Split(Asked):
    """Which holds do not belong there."""

    holds: Annotated[tuple[str, ...], Field(min_length=1, max_length=10_000, examples=[["hold-ufdlmrkwbx"]])]
    reason: Reason


class Parting(Asked):
    """Why they are several after all."""

    reason: Reason


@router.get("/causes")
@needs(Right.READ)
async def list_causes(machine: TheMachine, wanted: Cut) -> CauseGroups:
    """What the holds of a cut have in common, most money first."""
    found = await queue.groups(machine, wanted)
    return CauseGroups(data=[_shape(each.cause, each.total) for each in found])


@router.get("/causes/{id}")
@needs(Right.READ)
async def get_cause(machine: TheMachine, id: CauseId) -> CauseWhole:  # noqa: A002 - the name in the path
    """One cause: why its holds are one group, what they come to, and what worked before."""
    return _whole(await causes.one(machine, id))


@router.post("/causes/{id}/merge")
@needs(Right.DECIDE)
async def merge_cause(
    machine: TheMachine,
    actor: Actor,
    *,
    id: CauseId,  # noqa: A002 - the name in the path
    asked: Merge,
) -> CauseWhole:
    """It is the same as another: what has it, now and later, belongs there. Returns the other."""
    await causes.merge(machine, id, into=asked.into, person=actor, reason=asked.reason)
    return _whole(await causes.one(machine, asked.into))


@router.post("/causes/{id}/part")
@needs(Right.DECIDE)
async def part_cause(
    machine: TheMachine,
    actor: Actor,
    *,
    id: CauseId,  # noqa: A002 - the name in the path
    asked: Parting,
) -> CauseWhole:
    """What was merged into it goes by itself again."""
    await causes.part(machine, id, person=actor, reason=asked.reason)
    return _whole(await causes.one(machine, id))


@router.post("/causes/{id}/split")
@needs(Right.DECIDE)
async def split_cause(
    machine: TheMachine,
    actor: Actor,
    *,
    id: CauseId,  # noqa: A002 - the name in the path
    asked: Split,
) -> CauseWhole:
    """Some of its holds become a group of their own. Returns the new one."""
    new = await causes.split(machine, id, asked.holds, person=actor, reason=asked.reason)
    return _whole(await causes.one(machine, new))


@router.post("/causes/{id}/resolve")
@needs(Right.DECIDE)
async def resolve_cause(
    machine: TheMachine,
    actor: Actor,
    *,
    id: CauseId,  # noqa: A002 - the name in the path
    asked: Resolution,
) -> CauseWhole:
    """It is mended for good, and nothing of it is open. Whatever comes with it later has regressed."""
    await causes.resolve(machine, id, person=actor, reason=asked.reason)
    return _whole(await causes.one(machine, id))


def _shape(row: Row, total: Total) -> Cause:
    same = ("id", "state", "pattern", "workflow", "part", "kind", "merged_into", "split_from", "first_at",
            "regressed_at")  # fmt: skip
    return Cause(**{name: row[name] for name in same}, why_grouped=causes.why_grouped(row), totals=totals_shape(total))


def _whole(found: Found) -> CauseWhole:
    return CauseWhole(
        **vars(_shape(found.row, found.total)),
        merged=[row["id"] for row in found.merged],
        ways=[_way(each) for each in found.ways],
        best=found.best.words if found.best else None,
        reasons_that_worked=[row["reason"] for row in found.worked],
        resolved_because=found.row["reason"],
    )


def _way(way: Way) -> WayThatWasTried:
    return WayThatWasTried(how=way.how, choice=way.choice, times=way.times, worked=way.worked, came_back=way.came_back)
