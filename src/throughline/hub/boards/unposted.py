"""Unposted time: approved work that is on no invoice, not even a draft, the oldest first."""

from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.hub.boards.board import Board, BoardRow, Column, Sort, Value
from throughline.hub.machine import Machine
from throughline.store import board_rows
from throughline.store.database import Row

NAME = "unposted-time"
BILLING = "work-to-invoice"
COLUMNS = (
    Column("project", "Project"), Column("period", "Month"), Column("legal_entity", "Company"),
    Column("hours", "Hours", Sort.HOURS), Column("amount", "Worth", Sort.MONEY), Column("lines", "Lines", Sort.COUNT),
    Column("unpriced", "Unpriced lines", Sort.COUNT), Column("oldest", "Oldest", Sort.DAY),
    Column("why", "Why"), Column("owner", "Owner"),
)  # fmt: skip


async def unposted(machine: Machine, *, limit: int) -> Board:
    firm = (await machine.firms.current()).firm
    found = await board_rows.unposted(machine.pool, limit=limit + 1)
    rows = tuple(_row(row, firm) for row in found[:limit])
    return Board(
        NAME, "Unposted time", "Approved work on no invoice, not even a draft.", COLUMNS, rows, more=len(found) > limit
    )


def _row(row: Row, firm: Firm) -> BoardRow:
    held: list[dict[str, str]] = row["held"] or []
    open_amount = row["approved"] - row["drafted"] - row["billed"]
    values: dict[str, Value] = {
        "project": row["name"] or row["project"], "period": row["period"], "legal_entity": row["legal_entity"],
        "hours": row["open_hours"],
        # What has lines nobody can price is worth more than the others come to, and nobody knows how much.
        "amount": None if row["unpriced"] or not row["currency"] else Money.of(open_amount, row["currency"]),
        "lines": row["lines"] - row["drafted_lines"] - row["billed_lines"], "unpriced": row["unpriced"],
        "oldest": row["oldest_open"],
        "why": " ".join(dict.fromkeys(each["why"] for each in held)) if held else "waits for its cut-off",
        "owner": ", ".join(dict.fromkeys(each["owner"] for each in held)) or firm.policies.hold_owner(BILLING),
    }  # fmt: skip
    return BoardRow(f"{row['project']}-{row['period']}", row["engagement"] or "", "risk" if held else "wait", values)
