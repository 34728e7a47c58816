"""Stages: how far an engagement has come, decided from its parts and from what is confirmed."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Stage(StrEnum):
    """The six stages from a won deal to the answer in the CRM, in order."""

    CLOSED_WON = "closed_won"
    CUSTOMER = "customer"
    CONTRACT = "contract"
    PROJECT = "project"
    KICK_OFF = "kick_off"
    STATUS_BACK = "status_back"


# What shows that a stage is reached, and the part of the process that takes it there.
SHOWN_BY = {
    Stage.CUSTOMER: ("customer", "finance"),
    Stage.CONTRACT: ("contract", "finance"),
    Stage.PROJECT: ("project", "delivery"),
    Stage.KICK_OFF: ("message", "delivery"),
}


@dataclass(frozen=True, slots=True)
class Reached:
    """One stage: done, running, held, waiting or failed."""

    stage: Stage
    state: str


def reached(*, state: str, parts: Sequence[dict[str, Any]], confirmed: AbstractSet[str]) -> tuple[Reached, ...]:
    """All six. The first stage a stopped part did not reach is what it stopped at; those after it wait."""
    by_part = {part["name"]: part["state"] for part in parts}
    found = [Reached(Stage.CLOSED_WON, "done")]
    stopped: set[str] = set()
    for stage, (kind, part) in SHOWN_BY.items():
        # What has happened before this deal needs no effect of its own, so the end of a part shows all of it.
        if kind in confirmed or by_part.get(part) == "done":
            found.append(Reached(stage, "done"))
        elif part in stopped:
            found.append(Reached(stage, "waiting"))
        else:
            found.append(Reached(stage, _standing(state, by_part, part)))
            # A gate stops everything behind it at once.
            stopped.update({part} if part in by_part else {"finance", "delivery"})
    found.append(Reached(Stage.STATUS_BACK, _told(state, found)))
    return tuple(found)


def furthest(stages: Sequence[Reached]) -> Reached:
    """Where to look: what is stopped, else what is under way, else the last that is done."""
    for state in ("failed", "held", "running"):
        for each in stages:
            if each.state == state:
                return each
    return next((each for each in reversed(stages) if each.state == "done"), stages[0])


def _standing(state: str, by_part: dict[str, str], part: str) -> str:
    standing = by_part.get(part) or by_part.get("gate") or "due"
    if state == "defect":
        return "failed"
    if standing == "held":
        return "held"
    if state in {"due", "retrying"} or standing == "retrying":
        return "running"
    return "waiting"


def _told(state: str, before: Sequence[Reached]) -> str:
    if state == "done":
        return "done"
    return "waiting" if any(each.state != "done" for each in before) else "running"
