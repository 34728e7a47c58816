"""Reconciliation over HTTP: how each comparison stands, the breaks as a queue, one of them whole, and all as a file."""

import csv
import io
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from throughline.api.asking import Cursor, Limit, TheMachine, link_next
from throughline.api.problems import Wrong
from throughline.api.shapes import Page, Shape, money
from throughline.core.money import Money, plain
from throughline.core.reconciliation.breaks import Sort
from throughline.core.reconciliation.definitions import NoSuchComparison
from throughline.core.reconciliation.standing import BreakState
from throughline.core.rights import Right, needs
from throughline.hub.machine import Machine
from throughline.hub.reconciliation import census, overview
from throughline.hub.reconciliation.overview import Asked, Behind, NoSuchBreak, Repair, Stands, Total
from throughline.store import censuses
from throughline.store.database import Row

router = APIRouter(tags=["experience"])

ROWS_OF_A_FILE = 200
FORMULA = ("=", "+", "-", "@", "\t", "\r")
BreakId = Annotated[str, Path(examples=["break-0a1b2c3d4e5f"])]
Named = Annotated[str | None, Query(description="Only this comparison's.", examples=["sold-planned"])]
Sorted = Annotated[Sort | None, Query(description="Only this sort.")]
Owner = Annotated[str | None, Query(description="Only this owner's.", examples=["Finance operations"])]
Engagement = Annotated[str | None, Query(description="Only this engagement's.", examples=["opportunity-k2m4"])]


class Side(Shape):
    """What one side comes to."""

    side: str = Field(examples=["sold"])
    count: int
    amounts: list[Money]


class ComparisonShape(Shape):
    """Two sides that should agree, and whether they do."""

    comparison: str = Field(examples=["sold-planned"])
    title: str = Field(examples=["Sold and planned"])
    domain: str = Field(examples=["money"])
    left: Side
    right: Side
    made_at: datetime | None = Field(description="When it was last made.")
    why_not: str | None = Field(description="Why it could not be made, or not all of it.")
    unreconciled: int
    amounts: list[Money] = Field(description="What is not reconciled, in each currency.")
    unknown: int = Field(description="Breaks in none of the amounts: nobody knows what they are worth.")
    watched: int = Field(description="Differences that are younger than their clock, and may be under way.")
    history: int = Field(description="Orphans that were there before Throughline was.")


class Census(Shape):
    """What a system counts itself of a kind and a month, beside what we hold of it."""

    system: str = Field(examples=["netsuite"])
    kind: str = Field(examples=["invoice"])
    period: str = Field(examples=["2026-10"], description="A month, or `earlier` for everything before.")
    since: datetime
    until: datetime = Field(description="What was changed later is not counted yet.")
    said: int = Field(description="How many the system counts.")
    held: int = Field(description="How many we hold.")
    said_totals: dict[str, str] | None = Field(description="What they add up to in each currency; null: it cannot add.")
    held_totals: dict[str, str]
    finding: Literal["complete", "skipped", "gone", "total"]
    differs_since: datetime | None
    lasts: bool = Field(description="Whether it differs for so long that nothing can be under way.")
    taken_at: datetime


class Break(Shape):
    """What does not agree between two sides."""

    id: str = Field(examples=["break-0a1b2c3d4e5f"])
    comparison: str = Field(examples=["sold-planned"])
    sort: Sort
    state: BreakState
    key: str = Field(description="What both sides share: an id of ours, with the month where one counts.")
    about: str
    engagement: str | None
    period: str | None = Field(examples=["2026-10"])
    fields: list[str] = Field(description="Those that differ.")
    left: dict[str, str | None] | None = Field(description="What the left side says; null when it has nothing.")
    right: dict[str, str | None] | None
    owner: str = Field(examples=["Finance operations"])
    at_stake: Money | None = Field(description="Null when nobody knows.")
    times: int = Field(description="How often it was open.")
    first_seen_at: datetime
    since: datetime = Field(description="Since when it does not agree this time.")
    last_seen_at: datetime
    closed_at: datetime | None


class BehindShape(Shape):
    """A record behind one side: an entity of ours, or what a system said of it."""

    id: str
    kind: str
    fields: dict[str, Any]
    system: str | None
    key: str | None
    at: datetime | None


class RepairShape(Shape):
    """What can be done, through the processes."""

    verb: str = Field(examples=["release"])
    what: str
    command: str = Field(examples=["throughline holds show hold-ufdlmrkwbx"])
    hold: str | None


class BreakInFull(Break):
    """With the records behind both sides, and what can be done."""

    left_records: list[BehindShape]
    right_records: list[BehindShape]
    repairs: list[RepairShape]


@router.get("/reconciliation")
@needs(Right.READ)
async def list_breaks(
    machine: TheMachine,
    request: Request,
    response: Response,
    *,
    comparison: Named = None,
    sort: Sorted = None,
    owner: Owner = None,
    engagement: Engagement = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Break]:
    """What is not reconciled, by what it is worth; what is worth nobody knows what comes last."""
    found = await _queue(machine, Asked(comparison, sort, owner, engagement), cursor, limit)
    link_next(request, response, found.next)
    return Page(data=[Break(**_said(row)) for row in found.rows], next=found.next)


@router.get("/reconciliation/comparisons")
@needs(Right.ESTATE)
async def list_comparisons(machine: TheMachine) -> Page[ComparisonShape]:
    """Every comparison there is: what both sides come to, and what does not agree."""
    return Page(data=[_comparison(each) for each in await overview.stands(machine)])


@router.get("/reconciliation/completeness")
@needs(Right.ESTATE)
async def list_censuses(machine: TheMachine) -> Page[Census]:
    """That nothing was skipped: every system's own count of each kind and month, beside ours."""
    rows, now = await censuses.listed(machine.pool), machine.clock()
    return Page(data=[Census(**dict(row), lasts=census.lasts(row, now)) for row in rows])


@router.get("/reconciliation.csv", response_class=StreamingResponse)
@needs(Right.READ)
async def export_breaks(machine: TheMachine, *, comparison: Named = None, sort: Sorted = None, owner: Owner = None,
                        engagement: Engagement = None) -> StreamingResponse:  # fmt: skip
    """The whole list as a file, page after page as it is read."""
    asked = Asked(comparison, sort, owner, engagement)
    first = await _queue(
        machine, asked, None, ROWS_OF_A_FILE
    )  # what is wrong with the question is said before the file
    headers = {"Content-Disposition": 'attachment; filename="breaks.csv"'}
    return StreamingResponse(_lines(machine, asked, first), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/reconciliation/{id}")
@needs(Right.READ)
async def get_break(machine: TheMachine, id: BreakId) -> BreakInFull:  # noqa: A002 - the name in the path
    """One break: what each side says, the records behind it, and what can be done."""
    try:
        found = await overview.one(machine, id)
    except NoSuchBreak as error:
        raise Wrong("not_found", str(error)) from error
    return BreakInFull(
        **_said(found.row),
        left_records=[_behind(each) for each in found.left],
        right_records=[_behind(each) for each in found.right],
        repairs=[_repair(each) for each in found.repairs],
    )


async def _queue(machine: Machine, asked: Asked, cursor: str | None, limit: int) -> overview.Slice[Row]:
    try:
        return await overview.queue(machine, asked, cursor=cursor, limit=limit)
    except NoSuchComparison as error:
        raise Wrong("not_found", str(error)) from error


async def _lines(machine: Machine, asked: Asked, found: overview.Slice[Row]) -> AsyncGenerator[str]:
    yield _csv([("break", "comparison", "sort", "state", "amount", "currency", "owner", "engagement", "period", "key",
                 "fields", "first seen", "since", "last seen")])  # fmt: skip
    while True:
        yield _csv(_cells(row) for row in found.rows)
        if found.next is None:
            return
        found = await overview.queue(machine, asked, cursor=found.next, limit=ROWS_OF_A_FILE)


def _cells(row: Row) -> tuple[str, ...]:
    worth = "" if row["amount"] is None else plain(row["amount"])
    plainly = (row[name] for name in ("id", "comparison", "sort", "state"))
    times = (row[name].isoformat() for name in ("first_seen_at", "since", "last_seen_at"))
    named = (row[name] or "" for name in ("currency", "owner", "engagement", "period", "key"))
    return (*plainly, worth, *named, " ".join(row["fields"]), *times)


def _csv(rows: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row] for row in rows)
    return text.getvalue()


def _said(row: Row) -> dict[str, Any]:
    same = (
        "id", "comparison", "sort", "state", "key", "about", "engagement", "period", "fields", "owner", "times",
        "first_seen_at", "since", "last_seen_at", "closed_at",
    )  # fmt: skip
    sides = {"left": row["left_said"], "right": row["right_said"]}
    return {name: row[name] for name in same} | sides | {"at_stake": money(row["amount"], row["currency"])}


def _comparison(each: Stands) -> ComparisonShape:
    made = each.comparison
    return ComparisonShape(
        comparison=made.name, title=made.title, domain=made.domain, left=_side(made.left.word, each.left),
        right=_side(made.right.word, each.right), made_at=each.made_at, why_not=each.why,
        unreconciled=each.unreconciled, amounts=each.amounts, unknown=each.unknown, watched=each.watched,
        history=each.history,
    )  # fmt: skip


def _side(word: str, total: Total) -> Side:
    return Side(side=word, count=total.count, amounts=list(total.amounts))


def _behind(each: Behind) -> BehindShape:
    return BehindShape(id=each.id, kind=each.kind, fields=each.fields, system=each.system, key=each.key, at=each.at)


def _repair(each: Repair) -> RepairShape:
    return RepairShape(verb=each.verb, what=each.what, command=each.command, hold=each.hold)
