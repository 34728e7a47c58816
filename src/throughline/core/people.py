"""A person on their way into the PSA: from which day, whether they belong there, and who they are over there."""

from datetime import date, timedelta

from throughline.core.candidates import Candidate
from throughline.core.entities import Resource
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.rows import CostCentreRow

NEXT_DAY = timedelta(days=1)
AT_HR = "in HR's system; the run goes on by itself."


def in_effect(person: Resource) -> date | None:
    """From which day they are as they are said to be. The last day is still worked."""
    if not person.active:
        return last_day(person) + NEXT_DAY
    return max((day for day in (person.starts, person.placed_from) if day), default=None)


def last_day(person: Resource) -> date:
    if person.ends is None:
        raise Hold(f"{person.name} works here no more, and nobody says since when", fix=f"Enter the last day {AT_HR}")
    return person.ends


def delivers(person: Resource, firm: Firm) -> bool:
    """Whether their cost centre is one that projects are booked on; others have no place in the PSA."""
    if not person.cost_centre:
        raise Hold(
            f"{person.name} has no cost centre, so nobody can say whether they work on projects",
            fix=f"Enter it {AT_HR}",
        )
    return any(row.cost_centre == person.cost_centre for row in firm.table(CostCentreRow).rows)


def addressed(person: Resource) -> Resource:
    if not person.email:
        raise Hold(
            f"{person.name} has no work address, by which the PSA would know them",
            fix=f"Enter it {AT_HR}",
        )
    return person


def known(person: Resource, found: list[Candidate]) -> str | None:
    """Their key of whom we know to be this person."""
    return next((each.key for each in found if each.id == person.id), None)


def same(person: Resource, found: list[Candidate]) -> str | None:
    """Their key of this person: known, or nobody else's and at the same address."""
    free = (each for each in found if each.id is None)
    alike = (each.key for each in free if _spelled(each.fields.get("email")) == _spelled(person.email))
    return known(person, found) or next(alike, None)


def _spelled(address: str | None) -> str:
    return (address or "").strip().casefold()
