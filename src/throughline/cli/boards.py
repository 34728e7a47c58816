"""`board`: what one team looks at each morning."""

import sys

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, document, table, talk
from throughline.cli.where import HERE, Where
from throughline.core.money import Money
from throughline.hub.boards import wording
from throughline.hub.boards.board import Board, Value
from throughline.hub.boards.boards import ROWS, NoSuchBoard
from throughline.hub.boards.boards import board as made


async def board(name: str, /, *, limit: int = ROWS, json: bool = False, csv: bool = False,
                where: Where = HERE) -> int:  # fmt: skip
    """One board, such as start-readiness, by its name. Ends with 1 when a row is at risk.

    Parameters
    ----------
    name
        start-readiness, billing-cut-off, unposted-time or change-orders.
    limit
        How many rows at most, the most urgent first.
    json
        One JSON document instead of a table.
    csv
        The board as a file, on stdout.
    """
    async with asked(where.settings()) as machine:
        try:
            found = await made(machine, name, limit=limit)
        except NoSuchBoard as error:
            raise Stop(str(error), Exit.USAGE) from error
    if json:
        document("board", {"board": found.name, "more": found.more, "rows": _rows(found)})
    elif csv:
        sys.stdout.write(wording.as_csv(found))
    else:
        _say(found)
        if about := next((row.about for row in found.rows if row.about), ""):
            after(where.again(f"trace {about}"))
    return Exit.FOUND if any(row.tone == "risk" for row in found.rows) else Exit.DONE


def _say(found: Board) -> None:
    talk.print(f"{found.title}: {found.meaning}", markup=False, soft_wrap=True)
    if not found.rows:
        talk.print("There is nothing on it.")
        return
    heads = tuple(each.title.lower() for each in found.columns)
    rows = [tuple(wording.said(row.values[each.key], each.sort) for each in found.columns) for row in found.rows]
    table(heads, rows, flexible=0)


def _rows(found: Board) -> list[dict[str, object]]:
    return [
        {
            "key": row.key, "engagement": row.about or None, "tone": row.tone,
            "values": {name: _plain(value) for name, value in row.values.items()},
        }
        for row in found.rows
    ]  # fmt: skip


def _plain(value: Value) -> object:
    return value.model_dump(mode="json") if isinstance(value, Money) else value
