"""Half-applied change orders: what the customer agreed to, and not every system has."""

from datetime import datetime
from typing import Any

from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.hub.boards.board import Board, BoardRow, Column, Sort, Value
from throughline.hub.machine import Machine
from throughline.store import board_rows
from throughline.store.database import Row

NAME = "change-orders"
MEANING = "What customers agreed to and not every system has. Half of a change is worse than none."
PARTS = ("finance", "delivery")
COLUMNS = (
    Column("change", "Change order"), Column("deal", "Deal"), Column("amount", "Worth", Sort.MONEY),
    Column("finance", "Finance", Sort.STATE), Column("delivery", "Delivery", Sort.STATE),
    Column("half", "Half applied", Sort.STATE), Column("missing", "What is missing"), Column("owner", "Owner"),
    Column("approved", "Approved", Sort.MOMENT), Column("due", "Due", Sort.MOMENT),
)  # fmt: skip


async def changes(machine: Machine, *, limit: int) -> Board:
    now, firm = machine.clock(), (await machine.firms.current()).firm
    found = await board_rows.unapplied(machine.pool, limit=limit + 1)
    rows = tuple(_row(row, firm, now) for row in found[:limit])
    return Board(
        NAME, "Change orders not applied", MEANING, COLUMNS, rows, more=len(found) > limit,
    )  # fmt: skip


def _row(row: Row, firm: Firm, now: datetime) -> BoardRow:
    parts: dict[str, dict[str, Any]] = {each["name"]: each for each in row["parts"] or []}
    states = {name: parts[name]["state"] if name in parts else "waiting" for name in PARTS}
    half = "done" in states.values() and set(states.values()) != {"done"}
    held: list[dict[str, str]] = row["held"] or []
    missing = [name for name, state in states.items() if state != "done"]
    owners = [each["owner"] for each in held] or [firm.policies.hold_owner(name) for name in missing[:1]]
    known = row["amount"] is not None and row["currency"]
    values: dict[str, Value] = {
        "change": row["name"] or row["subject"], "deal": row["deal"] or row["engagement"],
        "amount": Money.of(row["amount"], row["currency"]) if known else None, **states,
        "half": "half applied" if half else "not yet", "owner": ", ".join(dict.fromkeys(owners)),
        "missing": " ".join(dict.fromkeys(each["why"] for each in held)) if held else ", ".join(missing),
        "approved": row["began"], "due": row["due"],
    }  # fmt: skip
    late = bool(row["due"] and now > row["due"])
    return BoardRow(row["subject"], row["engagement"], "risk" if half or held or late else "wait", values)
