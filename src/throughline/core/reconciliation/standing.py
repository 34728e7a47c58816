"""How a break stands: under way at first, open when it is older than its clock, closed when it is gone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class BreakState(StrEnum):
    """How far a break has come."""

    HISTORY = "history"
    WATCHED = "watched"
    OPEN = "open"
    REGRESSED = "regressed"
    CLOSED = "closed"


UNRECONCILED = (BreakState.OPEN, BreakState.REGRESSED)


@dataclass(frozen=True, slots=True)
class Standing:
    """A state, since when it has not agreed this time, and how often it was open."""

    state: BreakState
    since: datetime
    times: int = 0


def seen(before: Standing | None, *, now: datetime, within: timedelta, history: bool = False) -> Standing:
    """It does not agree, for the first time or still. `history` says it was so before anybody compared."""
    if before is None and history:
        return Standing(BreakState.HISTORY, now)
    if before is None:
        before = Standing(BreakState.WATCHED, now)
    elif before.state is BreakState.CLOSED:
        before = Standing(BreakState.WATCHED, now, before.times)
    if before.state is not BreakState.WATCHED or now - before.since < within:
        return before
    state = BreakState.REGRESSED if before.times else BreakState.OPEN
    return Standing(state, before.since, before.times + 1)
