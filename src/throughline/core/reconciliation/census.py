"""Completeness: what a system counts itself, beside what we hold of it, period by period."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

EARLIER = "earlier"
BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)


class Finding(StrEnum):
    """What a census comes to."""

    COMPLETE = "complete"
    SKIPPED = "skipped"
    GONE = "gone"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Period:
    """A month, or as much of it as has been read; or all the time before."""

    name: str
    since: datetime
    until: datetime


def finding(
    *, said: int, held: int, said_totals: Dict[str, Decimal] | None, held_totals: Dict[str, Decimal]
) -> Finding:
    """Fewer than they count were skipped; more are gone over there; as many with another sum are not the same."""
    if said != held:
        return Finding.SKIPPED if held < said else Finding.GONE
    if said_totals is not None and _worth(said_totals) != _worth(held_totals):
        return Finding.TOTAL
    return Finding.COMPLETE


def _worth(totals: Dict[str, Decimal]) -> dict[str, Decimal]:
    return {currency: amount for currency, amount in totals.items() if amount}


def periods(read_until: datetime) -> tuple[Period, ...]:
    """This month as far as it has been read, the month before, and everything before that."""
    end = read_until.astimezone(UTC)
    begins = end.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    before = (begins - timedelta(days=1)).replace(day=1)
    found = (
        Period(EARLIER, BEGINNING, before),
        Period(f"{before:%Y-%m}", before, begins),
        Period(f"{begins:%Y-%m}", begins, end.replace(microsecond=0)),
    )
    return tuple(period for period in found if period.since < period.until)
