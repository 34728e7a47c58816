"""The clocks of a hop as a file, all of them, page after page as they are read."""

import csv
import io
from collections.abc import AsyncGenerator

from throughline.core.money import plain
from throughline.hub.clocks.listed import Listed, Which, listed
from throughline.hub.machine import Machine

ROWS_OF_A_FILE = 200
# A spreadsheet takes these for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def lines(machine: Machine, hop: str, which: Which) -> AsyncGenerator[str]:
    """Page after page, as they are read."""
    yield _csv([("clock", "hop", "subject", "engagement", "name", "legal_entity", "amount", "currency", "state",
                 "began", "due", "ended", "spent_seconds")])  # fmt: skip
    cursor, more = None, True
    while more:
        found = await listed(machine, hop, which=which, cursor=cursor, limit=ROWS_OF_A_FILE)
        yield _csv([_cells(each) for each in found.rows])
        cursor, more = found.next, found.next is not None


def _cells(each: Listed) -> tuple[str, ...]:
    worth = (plain(each.amount.amount), each.amount.currency) if each.amount else ("", "")
    moments = (at.isoformat() if at else "" for at in (each.began, each.due, each.ended))
    spent = "" if each.spent_seconds is None else f"{each.spent_seconds:.0f}"
    named = (each.id, each.hop, each.subject, each.engagement, each.name, each.legal_entity or "")
    return (*named, *worth, each.state, *moments, spent)


def _csv(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row] for row in rows)
    return text.getvalue()
