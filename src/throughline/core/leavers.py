"""What somebody who left leaves behind: assignments that go on after the last day, and what they are worth."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from throughline.core.candidates import Candidate
from throughline.core.entities import Project, Resource
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.money import Exact, Money, plain
from throughline.core.rows import RateRow

SATURDAY = 5
HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class LeftOver:
    """The part of an assignment that nobody will work any more; `hours` and `worth` are None when nobody can say."""

    project: str
    role: str | None
    until: date | None
    hours: Exact | None
    worth: Money | None = None


def left_over(found: Iterable[Candidate], person: Resource, last_day: date) -> tuple[LeftOver, ...]:
    """What of these assignments lies after the last day, the soonest to end first."""
    mine = (each.fields for each in found if each.fields.get("resource") == person.id)
    open_ = [_after(fields, person, last_day) for fields in mine if (_day(fields, "ends") or date.max) > last_day]
    return tuple(sorted(open_, key=lambda each: (each.until or date.max, each.project, each.role or "")))


def valued(left: LeftOver, person: Resource, project: Project | None, firm: Firm) -> LeftOver:
    """Under the project's own name, and with its hours at the rate of the project's card."""
    return replace(left, project=project.name, worth=_worth(left, person, project, firm)) if project else left


def refuse_left_over(person: Resource, lefts: Sequence[LeftOver]) -> None:
    if lefts:
        raise Hold(
            f"{person.name} left on {person.ends} and is still assigned to: {'; '.join(map(_told, lefts))}",
            fix="End these assignments in the PSA, or hand them over to somebody else; then release.",
            amount=at_risk(lefts),
        )


def at_risk(lefts: Iterable[LeftOver]) -> Money | None:
    """What all of it is worth. Amounts in several currencies make no sum: then it is the largest of their sums."""
    sums: dict[str, Money] = {}
    for money in (each.worth for each in lefts if each.worth):
        sums[money.currency] = sums[money.currency] + money if money.currency in sums else money
    return max(sums.values(), key=lambda money: money.amount, default=None)


def _worth(left: LeftOver, person: Resource, project: Project, firm: Firm) -> Money | None:
    if left.hours is None or project.rate_card is None:
        return None
    row = firm.table(RateRow).lookup(
        day=left.until, rate_card=project.rate_card, role=left.role, person=person.email, region=person.region,
        currency=project.currency,
    )  # fmt: skip
    return (Money.of(row.hourly_rate, project.currency) * left.hours).rounded() if row else None


def _after(fields: dict[str, Any], person: Resource, last_day: date) -> LeftOver:
    starts, ends, hours = _day(fields, "starts"), _day(fields, "ends"), fields.get("hours")
    whole = Decimal(str(hours)) if hours is not None else None
    if whole is not None and starts and ends and starts <= last_day:
        whole = whole * _working_days(last_day + timedelta(days=1), ends) / max(1, _working_days(starts, ends))
    left = whole.quantize(HUNDREDTH) if whole is not None else None
    return LeftOver(str(fields.get("project") or "a project"), fields.get("role") or person.role, ends, left)


def _told(left: LeftOver) -> str:
    hours = f"{plain(left.hours)} h" if left.hours is not None else "nobody knows how many hours"
    until = f" until {left.until}" if left.until else ""
    worth = str(left.worth) if left.worth else "worth unknown"
    return f"{left.project} ({left.role or 'no role'}, {hours}{until}, {worth})"


def _day(fields: dict[str, Any], name: str) -> date | None:
    return date.fromisoformat(fields[name]) if fields.get(name) else None


def _working_days(first: date, last: date) -> int:
    """Monday to Friday, both days included. Holidays are not known here, and matter little to a share."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return sum(day.weekday() < SATURDAY for day in days)
