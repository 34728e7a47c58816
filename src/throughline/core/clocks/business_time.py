"""Business time: the stretches of a span that count, without nights, weekends, holidays and what a hold takes out."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
SATURDAY = 5
FOR_EVER = datetime.max.replace(tzinfo=UTC)
# Nobody agrees to a time that long; a clock that would run for longer has no end.
LONGEST = timedelta(days=3660)

type Stretch = tuple[datetime, datetime]
# Whether a day is a public holiday where the clock runs.
type Closed = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Office:
    """When people are at work: from one time of day until another, where they are, on working days."""

    opens: time
    shuts: time
    zone: ZoneInfo
    closed: Closed

    def stretches(self, since: datetime) -> Iterator[Stretch]:
        """Each working day's hours from a moment on, without end: whoever asks stops."""
        day = since.astimezone(self.zone).date()
        last = day + LONGEST
        while day <= last:
            if day.weekday() < SATURDAY and not self.closed(day):
                opens, shuts = (datetime.combine(day, at, tzinfo=self.zone) for at in (self.opens, self.shuts))
                if shuts > since:
                    yield max(opens, since).astimezone(UTC), shuts.astimezone(UTC)
            day += ONE_DAY


def always(since: datetime) -> Iterator[Stretch]:
    """A clock that never stops."""
    yield since, FOR_EVER


def without(stretches: Iterable[Stretch], pauses: Sequence[Stretch]) -> Iterator[Stretch]:
    """What is left of them outside the pauses, which may overlap."""
    for begins, ends in stretches:
        at = begins
        for pause_begins, pause_ends in sorted(pauses):
            if pause_begins >= ends:
                break
            if pause_begins > at:
                yield at, pause_begins
            at = max(at, pause_ends)
        if at < ends:
            yield at, ends


def reached(stretches: Iterable[Stretch], within: timedelta) -> datetime | None:
    """When that much of it is used up; None when that never happens."""
    left = within
    for begins, ends in stretches:
        if left <= ends - begins:
            return begins + left
        left -= ends - begins
    return None


def spent(stretches: Iterable[Stretch], until: datetime) -> timedelta:
    """How much of it lies before a moment."""
    used = timedelta()
    for begins, ends in stretches:
        if begins >= until:
            break
        used += min(ends, until) - begins
    return used


def holidays_of(days: Callable[[int], Collection[date]]) -> Closed:
    """By the year, as the calendars are kept."""
    return lambda day: day in days(day.year)
