"""The billing cut-off board: each company's month, how far its billing is, and whether it will be through in time."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

from throughline.core.cut_offs import Forecast, Outlook, Progress, earliest, forecast
from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.hub.boards.board import Board, BoardRow, Column, Sort, Value
from throughline.hub.machine import Machine
from throughline.store import board_rows
from throughline.store.database import Row

type Month = tuple[str | None, str]

NAME = "billing-cut-off"
CUT_OFF = "billing"
MEANING = (
    "Each company's month of work: approved, drafted, billed, held; and whether the rest will be on drafts before the"
    " cut-off at the rate of the last day."
)
# The rate at which billing drains is that of the last day: an old pause does not count for ever.
LATE = timedelta(days=1)
LONG_PAST = timedelta(days=62)
COLUMNS = (
    Column("legal_entity", "Company"), Column("period", "Month"), Column("approved", "Approved", Sort.MONEY),
    Column("drafted", "On drafts", Sort.MONEY), Column("billed", "Billed", Sort.MONEY),
    Column("open", "Open", Sort.MONEY), Column("held", "Held", Sort.MONEY), Column("holds", "Holds", Sort.COUNT),
    Column("unpriced", "Unpriced lines", Sort.COUNT), Column("lines", "Lines", Sort.COUNT),
    Column("left", "Left", Sort.COUNT), Column("cut_off", "Cut-off", Sort.MOMENT),
    Column("through", "Through at", Sort.MOMENT), Column("outlook", "Outlook", Sort.STATE),
)  # fmt: skip
TONES = {Outlook.DONE: "ok", Outlook.MET: "ok", Outlook.MISSED: "risk", Outlook.UNKNOWN: "wait"}


async def billing(machine: Machine, *, limit: int) -> Board:
    now, firm = machine.clock(), (await machine.firms.current()).firm
    since = f"{now - LONG_PAST:%Y-%m}"
    found = await board_rows.billed_months(machine.pool, since=since)
    seen = {of: await _forecast(machine, of, progress, firm, now) for of, progress in _months(found).items()}
    rows = tuple(_row(row, seen[row["legal_entity"], row["period"]]) for row in found[:limit])
    return Board(
        NAME, "Billing cut-off", MEANING, COLUMNS, rows, more=len(found) > limit
    )  # fmt: skip


def _months(found: list[Row]) -> dict[Month, Counter[str]]:
    """A month is through when all of it is, in whatever currency."""
    months = defaultdict[Month, Counter[str]](Counter)
    for row in found:
        months[row["legal_entity"], row["period"]].update(whole=int(row["lines"]), done=int(row["done"]))
    return months


def _row(row: Row, seen: Forecast | None) -> BoardRow:
    values: dict[str, Value] = {
        "legal_entity": row["legal_entity"], "period": row["period"], "approved": _money(row["approved"], row),
        "drafted": _money(row["drafted"], row), "billed": _money(row["billed"], row),
        "open": _money(row["approved"] - row["drafted"] - row["billed"], row),
        # A hold of unknown worth makes the sum unknown: it is never a smaller one.
        "held": None if row["held_unknown"] else _money(row["held_amount"] or Decimal(0), row),
        "holds": int(row["held"]), "unpriced": int(row["unpriced"]), "lines": int(row["lines"]),
        "left": int(row["lines"] - row["done"]), "cut_off": seen.cut_off if seen else None,
        "through": seen.through_at if seen and seen.left else None,
        "outlook": seen.outlook.value if seen else "unknown",
    }  # fmt: skip
    key = f"{row['legal_entity']}-{row['period']}-{row['currency']}"
    return BoardRow(key, "", TONES[seen.outlook] if seen else "wait", values)


async def _forecast(machine: Machine, month: Month, lines: Counter[str], firm: Firm,
                    now: datetime) -> Forecast | None:  # fmt: skip
    """None where nobody has said until when the month is to be billed."""
    code, period = month
    cut_off = earliest(firm, CUT_OFF, date.fromisoformat(f"{period}-01"), [code] if code else [])
    if cut_off is None:
        return None
    seen = await board_rows.progress(machine.pool, code or "", period, since=now - LATE)
    # What is asked is how fast it drained until now, not until it last moved.
    samples = [Progress(max(each["at"], now - LATE), each["done"]) for each in seen]
    here = Progress(now, lines["done"])
    return forecast(cut_off=cut_off, whole=lines["whole"], samples=[*samples, here], now=now)


def _money(amount: Decimal, row: Row) -> Money | None:
    return Money.of(amount, row["currency"]) if row["currency"] else None
