"""When a period stops taking entries, and whether a billing run will be through before that."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from throughline.core.firm import Firm, LegalEntity
from throughline.core.fiscal import fiscal_month
from throughline.core.policies import CutOff
from throughline.core.working_days import closed_days

ONE_DAY = timedelta(days=1)
SATURDAY = 5


class Outlook(StrEnum):
    """Whether a cut-off will be met."""

    DONE = "done"
    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run was at one moment."""

    at: datetime
    done: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What to expect at the current drain rate. `spare` is below zero when the run will be late."""

    outlook: Outlook
    left: int
    cut_off: datetime
    through_at: datetime | None
    spare: timedelta | None


def cut_off_at(rule: CutOff, ends: date, entity: LegalEntity, *, holidays: Collection[date]) -> datetime:
    """The n-th working day after a period's last day, or before it, at the rule's time where the entity is.

    Working day 0 is the last day of the period itself when that is a working day, else the last one before.
    """
    day = _working_day(ends, rule.working_day, holidays)
    return datetime.combine(day, rule.at, tzinfo=ZoneInfo(entity.timezone))


def earliest(firm: Firm, name: str, day: date, legal_entities: Collection[str]) -> datetime | None:
    """When the period of a day is cut off: for those legal entities, or for any where none is known."""
    known = [entity for entity in firm.legal_entities if entity.code in legal_entities]
    found = [_of_period(firm, name, day, entity) for entity in known or firm.legal_entities]
    return min((each for each in found if each), default=None)


def forecast(*, cut_off: datetime, whole: int, samples: list[Progress], now: datetime) -> Forecast:
    """From the first sample to the last: a window the caller chooses, so that an old pause does not count for ever."""
    first, last = samples[0], samples[-1]
    left = max(0, whole - last.done)
    if not left:
        return Forecast(Outlook.DONE, 0, cut_off, last.at, cut_off - last.at)
    drained, took = last.done - first.done, last.at - first.at
    if drained <= 0 or took <= timedelta(0):
        outlook = Outlook.MISSED if now >= cut_off else Outlook.UNKNOWN
        return Forecast(outlook, left, cut_off, None, None)
    # What is left drains from the last sample on; a forecast that has passed already is now at the earliest.
    through = max(now, last.at + took * left / drained)
    spare = cut_off - through
    outlook = Outlook.MET if spare >= timedelta(0) else Outlook.MISSED
    return Forecast(outlook, left, cut_off, through, spare)


def _of_period(firm: Firm, name: str, day: date, entity: LegalEntity) -> datetime | None:
    rule = firm.policies.cut_off(name, legal_entity=entity.code)
    if rule is None:
        return None
    ends = fiscal_month(entity.fiscal_calendar, day).ends
    closed = closed_days(entity.holidays, years=range(ends.year, ends.year + 2))
    return cut_off_at(rule, ends, entity, holidays=closed)


def _working_day(ends: date, number: int, holidays: Collection[date]) -> date:
    day = ends
    step, count = (ONE_DAY, number) if number > 0 else (-ONE_DAY, 1 - number)
    if number <= 0:
        day += ONE_DAY
    while count:
        day += step
        count -= _is_working(day, holidays)
    return day


def _is_working(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() < SATURDAY and day not in holidays
