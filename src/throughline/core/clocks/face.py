"""The face of a clock: when it is due, when that is near, whether it stands still, and how much is used."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from throughline.core.clocks.business_time import (
    FOR_EVER,
    Closed,
    Office,
    Stretch,
    always,
    holidays_of,
    reached,
    spent,
    without,
)
from throughline.core.cut_offs import earliest
from throughline.core.firm import Firm, LegalEntity
from throughline.core.policies import Sla
from throughline.core.working_days import closed_days


@dataclass(frozen=True, slots=True)
class Running:
    """What a clock knows of itself: its hop, since when, whose books, and when a hold stood in the way.

    `day` is a day of the period that a cut-off ends, for a hop that has one.
    """

    hop: str
    began: datetime
    legal_entity: str | None
    pauses: Sequence[Stretch] = ()
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Face:
    """`due` is None when nothing was agreed on, or while the clock stands still."""

    due: datetime | None
    near: datetime | None
    paused: bool
    spent: timedelta

    def is_met(self, ended: datetime) -> bool | None:
        return None if self.due is None else ended <= self.due


def face(clock: Running, firm: Firm, *, at: datetime) -> Face:
    """As it is at a moment."""
    sla = firm.policies.slas.get(clock.hop)
    if sla is None:
        return Face(None, None, paused=False, spent=at - clock.began)
    if sla.by is not None:
        return _of_cut_off(clock, sla, firm, at)
    counted = clock if sla.holds == "pause" else replace(clock, pauses=())
    faces = [_of_span(counted, sla, _office(place, firm), at) for place in _places(clock.legal_entity, firm)]
    # Whose books it concerns may not be known yet: then the strictest counts.
    return min(faces, key=lambda each: (each.due is None, each.due or FOR_EVER))


def still_paused(pauses: Sequence[Stretch], at: datetime) -> bool:
    return any(begins <= at < ends for begins, ends in pauses)


def _of_span(clock: Running, sla: Sla, office: Office, at: datetime) -> Face:
    def stretches() -> Iterator[Stretch]:
        counted = always(clock.began) if sla.clock == "always" else office.stretches(clock.began)
        return without(counted, clock.pauses)

    within = sla.within or timedelta()
    paused = still_paused(clock.pauses, at)
    due, near = reached(stretches(), within), reached(stretches(), within * sla.near_percent / 100)
    # Due before it was stopped is due all the same.
    late = due is not None and due <= at
    return Face(due if late or not paused else None, near, paused=paused and not late, spent=spent(stretches(), at))


def _of_cut_off(clock: Running, sla: Sla, firm: Firm, at: datetime) -> Face:
    """A cut-off comes, whatever is held."""
    where = [clock.legal_entity] if clock.legal_entity else []
    due = earliest(firm, sla.by or "", clock.day or clock.began.date(), where)
    near = clock.began + (due - clock.began) * sla.near_percent / 100 if due else None
    return Face(due, near, paused=False, spent=at - clock.began)


def _places(code: str | None, firm: Firm) -> Sequence[LegalEntity]:
    known = firm.legal_entity(code) if code else None
    return (known,) if known else firm.legal_entities


def _office(place: LegalEntity, firm: Firm) -> Office:
    hours = firm.policies.business_hours
    return Office(hours.opens, hours.shuts, ZoneInfo(place.timezone), _closed(place))


def _closed(place: LegalEntity) -> Closed:
    return holidays_of(lambda year: closed_days(place.holidays, years=range(year, year + 1)))
