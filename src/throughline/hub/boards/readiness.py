"""The start-readiness board: of each won deal what is ready, what is missing, and who owns that."""

from datetime import date, timedelta
from typing import Any

from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.hub.boards.board import Board, BoardRow, Column, Sort, Value
from throughline.hub.machine import Machine
from throughline.hub.overview import in_erp_only
from throughline.hub.stages import Reached, Stage, reached
from throughline.store import board_rows, figures
from throughline.store.database import Row

NAME = "start-readiness"
# A project that has opened is on the board until its people are named, and no longer than that.
AFTER_OPENING = timedelta(days=30)
SHOWN = {
    Stage.CUSTOMER: "Customer", Stage.CONTRACT: "Contract", Stage.PROJECT: "Project", Stage.KICK_OFF: "Kick-off",
}  # fmt: skip
OWNED_BY = {
    Stage.CUSTOMER: "finance", Stage.CONTRACT: "finance", Stage.PROJECT: "delivery", Stage.KICK_OFF: "delivery",
}  # fmt: skip
PEOPLE = "people"
COLUMNS = (
    Column("deal", "Deal"), Column("customer", "Customer"), Column("value", "Value", Sort.MONEY),
    Column("starts", "Starts", Sort.DAY), Column("missing", "What is missing"), Column("owner", "Owner"),
    *(Column(f"{stage.value}_ready", title, Sort.STATE) for stage, title in SHOWN.items()),
    Column("people_ready", "People", Sort.STATE), Column("won", "Won", Sort.MOMENT), Column("due", "Due", Sort.MOMENT),
)  # fmt: skip


async def readiness(machine: Machine, *, limit: int) -> Board:
    now, firm = machine.clock(), (await machine.firms.current()).firm
    found = await board_rows.not_ready(machine.pool, opened_since=now - AFTER_OPENING, limit=limit + 1)
    ids = [row["engagement"] for row in found[:limit]]
    confirmed = await in_erp_only(machine, await figures.reached(machine.pool, ids))
    deals = [_Deal(row, confirmed.get(row["engagement"], set()), firm) for row in found[:limit]]
    rows = tuple(each.row(late=bool(each.said["due"] and now > each.said["due"])) for each in deals if each.missing)
    return Board(
        NAME, "Start readiness", "Won deals that are not ready to start: what is missing, and who owns it.", COLUMNS,
        rows, more=len(found) > limit,
    )  # fmt: skip


class _Deal:
    """One deal, looked at."""

    def __init__(self, said: Row, confirmed: set[str], firm: Firm) -> None:
        self.said, self.firm = said, firm
        parts: list[dict[str, Any]] = said["parts"] or []
        stages = reached(state=said["state"], parts=parts, confirmed=confirmed)
        self.stages = {each.stage: each for each in stages if each.stage in SHOWN}
        self.people = _people(said)

    @property
    def missing(self) -> list[str]:
        named = [SHOWN[stage].lower() for stage, each in self.stages.items() if each.state != "done"]
        return named + ([PEOPLE] if self.people != "done" else [])

    def row(self, *, late: bool) -> BoardRow:
        said = self.said
        held: list[dict[str, str]] = said["held"] or []
        values: dict[str, Value] = {
            "deal": said["name"] or said["engagement"], "customer": said["customer"],
            "value": Money.model_validate(said["amount"]) if said["amount"] else None,
            "starts": date.fromisoformat(said["starts"]) if said["starts"] else None,
            **{f"{stage.value}_ready": _word(each) for stage, each in self.stages.items()},
            "people_ready": self.people, "missing": _why(held, self.missing), "owner": self._owners(held),
            "won": said["began"], "due": said["due"],
        }  # fmt: skip
        tone = "risk" if held or late else "wait" if said["running"] else "warn"
        return BoardRow(said["engagement"], said["engagement"], tone, values)

    def _owners(self, held: list[dict[str, str]]) -> str:
        """Whoever a hold waits for; else whoever answers for the first part that is missing."""
        if held:
            return ", ".join(dict.fromkeys(each["owner"] for each in held))
        first = next((OWNED_BY[stage] for stage, each in self.stages.items() if each.state != "done"), "delivery")
        return self.firm.policies.hold_owner(first)


def _people(said: Row) -> str:
    """How many of the roles a project needs have a name."""
    if said["project"] is None:
        return "waiting"
    if not said["needed"]:
        return "done"
    return "done" if said["named"] >= said["needed"] else f"{said['named']} of {said['needed']} named"


def _word(each: Reached) -> str:
    return each.state


def _why(held: list[dict[str, str]], missing: list[str]) -> str:
    return " ".join(dict.fromkeys(each["why"] for each in held)) if held else ", ".join(missing)
