"""Boards and lists of clocks, from the hub's rows and columns."""

from collections.abc import Sequence

from throughline.console.board import BoardCell, BoardLine, BoardPage, Choice, Head
from throughline.console.from_hub import wording
from throughline.console.from_hub.frame import Setting, shell
from throughline.console.pieces import EmptyPlace
from throughline.console.shell import Crumb
from throughline.core.clocks.hops import HOPS, Hop
from throughline.hub.boards.board import Board, BoardRow, Column, Sort
from throughline.hub.boards.wording import said
from throughline.hub.clocks.listed import Listed, Which
from throughline.hub.kpis import wording as figures

TITLES = {
    "start-readiness": "Start readiness", "billing-cut-off": "Billing cut-off", "unposted-time": "Unposted time",
    "change-orders": "Change orders",
}  # fmt: skip
NUMBERS = frozenset({Sort.COUNT, Sort.HOURS, Sort.MONEY, Sort.MOMENT, Sort.DAY})
STATES = {
    "done": ("ok", "circle-check", "Done"), "held": ("risk", "hand", "Held"), "failed": ("risk", "circle-x", "Failed"),
    "running": ("acc", "loader", "Running"), "waiting": ("wait", "circle-dashed", "Waiting"),
    "retrying": ("wait", "hourglass", "Trying again"), "met": ("ok", "circle-check", "In time"),
    "missed": ("risk", "circle-alert", "Too late"), "unknown": ("wait", "hourglass", "No rate yet"),
    "late": ("risk", "circle-alert", "Late"), "paused": ("wait", "hand", "Stands still"),
    "untimed": ("", "clock", "Not timed"), "given_up": ("", "circle-x", "Given up"),
    "half applied": ("risk", "circle-alert", "Half applied"), "not yet": ("wait", "circle-dashed", "Not yet"),
}  # fmt: skip
PARTLY = ("warn", "user")
EMPTY = EmptyPlace(
    "Nothing is on this board", "What needs somebody appears here, with who that is.", "throughline status"
)


def page(setting: Setting, board: Board) -> BoardPage:
    rows = tuple(_line(each, board.columns) for each in board.rows)
    risky = sum(row.tone == "risk" for row in rows)
    count = f"{wording.counted(len(rows), 'row')}{' or more' if board.more else ''}, {risky} at risk. "
    return BoardPage(
        shell=shell(setting, board.title, "boards", Crumb("Boards", "/boards/start-readiness"), Crumb(board.title)),
        title=board.title,
        summary=(count if rows else "") + board.meaning,
        fragment_url=f"/boards/{board.name}/fragment",
        choices=tuple(
            Choice(text=title, href=f"/boards/{name}", active=name == board.name) for name, title in TITLES.items()
        ),
        filters=(),
        heads=tuple(Head(each.title, _wide(each), each.sort in NUMBERS) for each in board.columns),
        rows=rows,
        file_url=f"/boards/{board.name}.csv",
        command=f"throughline board {board.name}",
        empty=EMPTY,
        more=board.more,
    )


def clocks(setting: Setting, hop: Hop, which: Which, rows: Sequence[Listed], *, older: str, first: str,
           query: str) -> BoardPage:  # fmt: skip
    return BoardPage(
        shell=shell(setting, hop.title, "kpis", Crumb("Key figures", "/kpis"), Crumb(hop.title)),
        title=hop.title,
        summary="Clocks of this hop: those that run by what is due first, those that ended newest first.",
        fragment_url=f"/clocks/fragment{query}",
        choices=tuple(
            Choice(text=each.title, href=f"/clocks?hop={each.name}", active=each == hop) for each in HOPS
        ),
        filters=tuple(
            Choice(
                text=each.value.capitalize(), href=f"/clocks?hop={hop.name}&state={each.value}", active=each is which
            )
            for each in Which
        ),
        heads=tuple(Head(text, wide=False, number=number) for text, number in HEADS),
        rows=tuple(_clock(each) for each in rows),
        file_url=f"/clocks.csv?hop={hop.name}&state={which.value}",
        command=f"throughline clocks --hop {hop.name} --state {which.value}",
        empty=EmptyPlace("No such clock", "What is on its way over this hop is listed here.", "throughline kpis"),
        older_url=older,
        first_url=first,
    )  # fmt: skip


HEADS = (
    ("About", False), ("State", False), ("Company", False), ("Began", True), ("Due", True), ("Ended", True),
    ("Counted", True), ("Worth", True),
)  # fmt: skip


def _clock(each: Listed) -> BoardLine:
    tone, icon, word = STATES[each.state]
    worth = figures.money(each.amount) if each.amount else figures.UNKNOWN
    moments = [wording.at(at).text[:-3] if at else "" for at in (each.began, each.due, each.ended)]
    spent = "" if each.spent_seconds is None else figures.lasting(wording.seconds(each.spent_seconds))
    return BoardLine(
        key=each.id, href=f"/engagements/{each.engagement}", tone=tone,
        cells=(
            BoardCell(text=each.name), BoardCell(text=word, tone=tone, icon=icon),
            BoardCell(text=each.legal_entity or ""), *(BoardCell(text=at, number=True) for at in moments),
            BoardCell(text=spent, number=True),
            BoardCell(text=worth, number=True, known=each.amount is not None),
        ),
    )  # fmt: skip


def _line(row: BoardRow, columns: Sequence[Column]) -> BoardLine:
    cells = tuple(_cell(row, each) for each in columns)
    return BoardLine(key=row.key, href=f"/engagements/{row.about}" if row.about else "", tone=row.tone, cells=cells)


def _cell(row: BoardRow, column: Column) -> BoardCell:
    value = row.values[column.key]
    text = said(value, column.sort)
    if column.sort is Sort.STATE:
        tone, icon, word = STATES.get(text, (*PARTLY, text))
        return BoardCell(text=word, tone=tone, icon=icon)
    return BoardCell(
        text=text, number=column.sort in NUMBERS, wide=_wide(column),
        known=value is not None or text != figures.UNKNOWN,
    )  # fmt: skip


def _wide(column: Column) -> bool:
    return column.key in {"missing", "why"}
