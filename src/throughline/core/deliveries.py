"""Deliveries: what an attempt to bring an event to a subscriber means, and when the next one is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability
# Each is counted from the attempt before it: ten attempts in three days and four hours.
SCHEDULE = tuple(timedelta(seconds=s) for s in (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
# Shorter than the schedule: whoever is away altogether is switched off before anything of theirs is given up.
OFF_AFTER = timedelta(days=3)
LARGEST_BODY = 20_000
GONE = 410


class Outcome(StrEnum):
    """What became of an attempt."""

    DELIVERED = "delivered"
    AGAIN = "again"
    GIVEN_UP = "given up"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Judged:
    """`due_at` is when it is tried again."""

    outcome: Outcome
    why: str | None = None
    due_at: datetime | None = None


def judge(status: int | None, why: str | None, *, step: int, failing_since: datetime | None, active: bool,
          now: datetime) -> Judged:  # fmt: skip
    """What an answer means, or its absence (`why` says which); `step` counts the attempts before this one.

    Nothing is given up for a subscriber that was switched off or paused while the attempt was under way.
    """
    if status is not None and 200 <= status < 300:
        return Judged(Outcome.DELIVERED)
    said = why or _said(status)
    if status == GONE:
        return Judged(Outcome.OFF, "The subscriber answered 410: it wants no more.", now)
    if failing_since is not None and now - failing_since >= OFF_AFTER:
        return Judged(Outcome.OFF, f"Nothing arrived for {OFF_AFTER.days} days; the last time: {said}", now)
    if step + 1 < len(SCHEDULE):
        return Judged(Outcome.AGAIN, said, now + SCHEDULE[step + 1])
    return Judged(Outcome.GIVEN_UP, said) if active else Judged(Outcome.AGAIN, said, now)


def _said(status: int | None) -> str:
    if status is not None and 300 <= status < 400:
        return f"answered {status}: a redirect, which is not followed"
    return f"answered {status}"
