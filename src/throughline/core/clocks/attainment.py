"""What clocks that ended come to: how many were met, how much of the error budget is used, and when the rest drains."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import sqrt

PERCENT = Decimal(100)
TENTH = Decimal("0.1")
# Ends come one by one and by chance: nine times in ten as many come as lie within so many roots of what came before.
ROOTS = 1.64


@dataclass(frozen=True, slots=True)
class Attainment:
    """Of the clocks that ended with something agreed on."""

    met: int
    missed: int

    @property
    def ended(self) -> int:
        return self.met + self.missed

    @property
    def percent(self) -> Decimal | None:
        """None when none ended: that is unknown, and neither good nor bad."""
        return (PERCENT * self.met / self.ended).quantize(TENTH) if self.ended else None


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """How many may be missed before the target is, and how much of that is left; below zero it is overdrawn."""

    allowed: Decimal
    missed: int

    @property
    def left_percent(self) -> Decimal | None:
        if not self.allowed:
            return None if not self.missed else -PERCENT
        return (PERCENT * (self.allowed - self.missed) / self.allowed).quantize(TENTH)


def error_budget(attained: Attainment, target_percent: Decimal | None) -> ErrorBudget | None:
    """None where the firm has set no target, or nothing has ended yet."""
    if target_percent is None or not attained.ended:
        return None
    return ErrorBudget(attained.ended * (PERCENT - target_percent) / PERCENT, attained.missed)


@dataclass(frozen=True, slots=True)
class Drain:
    """When what is left will be through at the rate of late: at the earliest, most likely and at the latest.

    `latest` is None when it may take for ever; the whole is None when nothing has come through.
    """

    earliest: datetime
    likely: datetime
    latest: datetime | None


def drain(*, left: int, done: int, over: timedelta, now: datetime) -> Drain | None:
    """From how many came through in a span that ends now."""
    if not left:
        return Drain(now, now, now)
    if not done:
        return None
    fewest, most = done - ROOTS * sqrt(done), done + ROOTS * sqrt(done)
    return Drain(now + over * left / most, now + over * left / done, now + over * left / fewest if fewest > 0 else None)
