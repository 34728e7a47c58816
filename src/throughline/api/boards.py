"""Boards over HTTP: what one team looks at each morning, as rows of named values, and as a file."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from throughline.api.asking import TheMachine
from throughline.api.problems import Wrong
from throughline.api.shapes import Csv, Shape
from throughline.core.money import Exact, Money
from throughline.core.rights import Right, needs
from throughline.hub.boards import wording
from throughline.hub.boards.board import Board, BoardRow, Sort
from throughline.hub.boards.boards import BOARDS, MOST, ROWS, NoSuchBoard, board
from throughline.hub.machine import Machine

router = APIRouter(tags=["experience"])

BoardName = Annotated[str, Path(description=f"One of {', '.join(BOARDS)}.", examples=["start-readiness"])]
Most = Annotated[int, Query(ge=1, le=MOST, description="How many rows at most, the most urgent first.")]
type Cell = Money | int | Exact | datetime | date | str | None


class ColumnShape(Shape):
    """What a value of a row is called, and what it is."""

    key: str = Field(examples=["owner"])
    title: str = Field(examples=["Owner"])
    sort: Sort


class RowShape(Shape):
    """One row: its values by the keys of the columns, null where nobody knows."""

    key: str
    engagement: str | None
    tone: str = Field(description="How it stands: ok, warn, risk or wait.")
    values: dict[str, Cell]


class BoardShape(Shape):
    """A board, with what its columns mean."""

    board: str = Field(examples=["start-readiness"])
    title: str
    meaning: str
    columns: list[ColumnShape]
    rows: list[RowShape]
    more: bool = Field(description="Whether there are more rows than these.")


@router.get("/boards/{name}.csv", response_class=Csv)
@needs(Right.READ)
async def export_board(machine: TheMachine, name: BoardName) -> Csv:
    """A board as a file."""
    found = await _board(machine, name, MOST)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Csv(wording.as_csv(found), headers=headers)


@router.get("/boards/{name}")
@needs(Right.READ)
async def get_board(machine: TheMachine, name: BoardName, limit: Most = ROWS) -> BoardShape:
    """A board, its most urgent rows first."""
    found = await _board(machine, name, limit)
    columns = [ColumnShape(key=each.key, title=each.title, sort=each.sort) for each in found.columns]
    rows = [_row(each) for each in found.rows]
    return BoardShape(
        board=found.name, title=found.title, meaning=found.meaning, columns=columns, rows=rows, more=found.more
    )


def _row(each: BoardRow) -> RowShape:
    return RowShape(key=each.key, engagement=each.about or None, tone=each.tone, values=dict(each.values))


async def _board(machine: Machine, name: str, limit: int) -> Board:
    try:
        return await board(machine, name, limit=limit)
    except NoSuchBoard as error:
        raise Wrong("not_found", str(error)) from error
