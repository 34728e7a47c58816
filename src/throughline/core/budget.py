"""A budget: what all workers together may still ask of a system. Decided here, on a value that they share."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from throughline.core.firm import Limits
from throughline.core.priority import Priority

# Calls are granted in batches, and those not made soon are forfeit: a hoard would come on top of what is allowed later.
LONGEST_GRANT, SHORTEST_GRANT = 0.25, 0.05
# How long a grant holds that no rate limits. What others have learnt (a pause) is heard of that much later.
UNLIMITED_GRANT = 1.0
# A window is kept in that many steps; the step a call falls into counts until the last moment it might matter.
STEPS = 40
# What the less urgent leave untouched: of a window or a day, and of a bucket, which fills again whatever is left in it.
LEFT = {Priority.URGENT: 0.0, Priority.NORMAL: 0.02, Priority.BULK: 0.04}
LEFT_IN_BUCKET = {Priority.URGENT: 0.0, Priority.NORMAL: 0.1, Priority.BULK: 0.2}
# A place is held for longer than a call can last: when a dead worker's is free again, so is the vendor's.
PLACES_FOR = 30.0
# Whoever was told to slow down goes on a little slower than before, and then faster by so much each second.
SLOWER, FASTER, SLOWEST = 0.85, 1.02, 0.2
NEVER, UNTOUCHED = float("-inf"), float("inf")


@dataclass(frozen=True, slots=True)
class Held:
    """A worker's places: how many it may use and would like, and until when they are its own."""

    places: int
    wanted: int
    until: float


@dataclass(frozen=True, slots=True)
class Budget:
    """What is shared. Times are seconds; `windows` counts calls by step, one dictionary per window."""

    at: float = NEVER
    tokens: float | None = None
    windows: tuple[Dict[int, int], ...] = ()
    day: float = NEVER
    used: int = 0
    held: Dict[str, Held] = field(default_factory=dict[str, Held])
    paused_until: float = NEVER
    pace: float | None = None
    slowed_at: float = NEVER

    @classmethod
    def read(cls, said: Dict[str, Any]) -> "Budget":
        """From what `said` wrote, with numbers as JSON brings them."""
        return cls(
            at=_moment(said["at"]),
            tokens=_float(said["tokens"]),
            windows=tuple({int(step): n for step, n in each.items()} for each in said["windows"]),
            day=_moment(said["day"]),
            used=said["used"],
            held={
                worker: Held(places, wanted, float(until)) for worker, (places, wanted, until) in said["held"].items()
            },
            paused_until=_moment(said["paused_until"]),
            pace=_float(said["pace"]),
            slowed_at=_moment(said["slowed_at"]),
        )

    def said(self) -> dict[str, Any]:
        return {
            "at": _spelled(self.at),
            "tokens": self.tokens,
            "windows": [{str(step): n for step, n in each.items()} for each in self.windows],
            "day": _spelled(self.day),
            "used": self.used,
            "held": {worker: [held.places, held.wanted, held.until] for worker, held in self.held.items()},
            "paused_until": _spelled(self.paused_until),
            "pace": self.pace,
            "slowed_at": _spelled(self.slowed_at),
        }


@dataclass(frozen=True, slots=True)
class Ask:
    """What a worker would like: so many calls now, and so many under way at once. `busy` are under way already.

    `back` calls were granted earlier, at `back_from`, and not made.
    """

    worker: str
    priority: Priority
    calls: int
    places: int
    busy: int = 0
    back: int = 0
    back_from: float = NEVER


@dataclass(frozen=True, slots=True)
class Grant:
    """What it gets. `calls` is None when nothing limits them; `wait` is after how long to ask again for more."""

    calls: int | None
    places: int | None
    at: float
    until: float
    wait: float
    paused_until: float


def grant(limits: Limits, budget: Budget, ask: Ask, now: datetime) -> tuple[Budget, Grant]:
    """Give what every limit allows, and write it down."""
    at = max(now.timestamp(), budget.at)
    lasting = lasts(limits, budget, at)
    open_ = _given_back(limits, _up_to(limits, budget, at, lasting), ask, lasting)
    held, places = _places(limits, open_, ask, at)
    free, wait = _free(limits, open_, ask.priority, at, lasting)
    if at < budget.paused_until:
        free, wait = 0, budget.paused_until - at
    calls = None if free is None else max(min(ask.calls, free), 0)
    until = now.timestamp() + (UNLIMITED_GRANT if calls is None else lasting)
    given = Grant(calls, places, at, until, wait, budget.paused_until)
    if not calls and not ask.back and held == budget.held == {}:
        return budget, given  # nothing to write down
    return replace(_spent(limits, open_, calls or 0, at), held=held), given


def lasts(limits: Limits, budget: Budget, at: float) -> float:
    """For how long granted calls may be made: the shorter the limit's own time is, the shorter."""
    bounds = [LONGEST_GRANT, *(each.seconds / STEPS for each in limits.windows)]
    if rate := _rate(limits, budget, at):
        bounds.append((_burst(limits, rate) - 1) / rate)
    return max(min(bounds), SHORTEST_GRANT)


def left(limits: Limits, budget: Budget, now: datetime) -> int | None:
    """How many calls every limit allows at this moment; None when nothing limits them."""
    at = max(now.timestamp(), budget.at)
    lasting = lasts(limits, budget, at)
    return _free(limits, _up_to(limits, budget, at, lasting), Priority.URGENT, at, lasting)[0]


def slowed(limits: Limits, budget: Budget, *, after: timedelta, sent: datetime, rate: float, now: datetime) -> Budget:
    """They said that we are too fast: nobody calls for a while, and then slower than before.

    `rate` is what they let the caller have. Of many calls that were on their way together only the first says anything
    new: the others were `sent` before we had slowed down.
    """
    at = now.timestamp()
    pause = max(budget.paused_until, at + after.total_seconds())
    if sent.timestamp() < budget.slowed_at:
        return replace(budget, paused_until=pause)
    before = _pace(budget, at)
    pace = max(SLOWEST, SLOWER * (max(rate, 1.0) if before is None else before))
    if before is None and limits.per_second is not None:
        pace = min(pace, SLOWER * limits.per_second)
    return replace(budget, paused_until=pause, pace=pace, slowed_at=pause)


def day_began(limits: Limits, now: datetime) -> datetime:
    """When the day began that `per_day` counts: at their moment, where they are."""
    there = now.astimezone(ZoneInfo(limits.day_timezone))
    began = there.replace(hour=limits.day_begins.hour, minute=limits.day_begins.minute, second=0, microsecond=0)
    return began if began <= there else began - timedelta(days=1)


def _up_to(limits: Limits, budget: Budget, at: float, lasting: float) -> Budget:
    """What time has brought: the bucket fills, steps leave their windows, a day begins."""
    rate, tokens = _rate(limits, budget, at), None
    if rate is not None:
        had, since = (UNTOUCHED, 0.0) if budget.tokens is None else (budget.tokens, at - budget.at)
        tokens = min(_most(limits, rate, lasting), had + since * rate)
    windows = tuple(
        {step: n for step, n in counted.items() if _leaves(window.seconds, step, lasting) > at}
        for window, counted in zip(limits.windows, _as_many(budget.windows, len(limits.windows)), strict=True)
    )
    day = day_began(limits, datetime.fromtimestamp(at, UTC)).timestamp() if limits.per_day else NEVER
    return replace(budget, at=at, tokens=tokens, windows=windows, day=day, used=budget.used if day == budget.day else 0)


def _free(limits: Limits, budget: Budget, priority: Priority, at: float, lasting: float) -> tuple[int | None, float]:
    """How many calls every limit allows now, and how long until the narrowest one allows more; None for no limit."""
    found: list[tuple[float, float]] = []
    if (rate := _rate(limits, budget, at)) is not None and budget.tokens is not None:
        there = budget.tokens - floor(_most(limits, rate, lasting) * LEFT_IN_BUCKET[priority])
        # Not for every single call that comes in: looked at when the bucket is half full, or a few times a second.
        found.append((there, max((1 - there) / rate, min(LONGEST_GRANT, _most(limits, rate, lasting) / 2 / rate))))
    for window, counted in zip(limits.windows, budget.windows, strict=True):
        there = window.calls - floor(window.calls * LEFT[priority]) - sum(counted.values())
        found.append((there, min((_leaves(window.seconds, s, lasting) for s in counted), default=at) - at))
    if limits.per_day is not None:
        tomorrow = (day_began(limits, datetime.fromtimestamp(at, UTC)) + timedelta(days=1)).timestamp() - at
        # What is granted in the last moment of a day would be made on the next.
        there = limits.per_day - floor(limits.per_day * LEFT[priority]) - budget.used if tomorrow > lasting else 0
        found.append((there, tomorrow))
    if not found:
        return None, LONGEST_GRANT
    there, wait = min(found)
    return floor(there), max((wait for each, wait in found if each < 1), default=wait)


def _given_back(limits: Limits, budget: Budget, ask: Ask, lasting: float) -> Budget:
    """Calls that were granted and not made count nowhere."""
    if not ask.back:
        return budget
    windows: list[Dict[int, int]] = []
    for window, counted in zip(limits.windows, budget.windows, strict=True):
        step = int(ask.back_from // (window.seconds / STEPS))
        windows.append({**counted, step: counted[step] - ask.back} if counted.get(step, 0) >= ask.back else counted)
    used = max(budget.used - ask.back, 0) if ask.back_from >= budget.day else budget.used
    rate, tokens = _rate(limits, budget, budget.at), budget.tokens
    if rate is not None and tokens is not None:
        tokens = min(_most(limits, rate, lasting), tokens + ask.back)
    return replace(budget, tokens=tokens, windows=tuple(windows), used=used)


def _spent(limits: Limits, budget: Budget, calls: int, at: float) -> Budget:
    if not calls:
        return budget
    windows: list[Dict[int, int]] = []
    for window, counted in zip(limits.windows, budget.windows, strict=True):
        step = int(at // (window.seconds / STEPS))
        windows.append({**counted, step: counted.get(step, 0) + calls})
    tokens = None if budget.tokens is None else budget.tokens - calls
    return replace(budget, tokens=tokens, windows=tuple(windows), used=budget.used + calls)


def _places(limits: Limits, budget: Budget, ask: Ask, at: float) -> tuple[Dict[str, Held], int | None]:
    """A worker's part of the places: as many as it wants, or as is fair, and never one that somebody else holds.

    What it uses beyond that it holds until the call is over, and begins no other: that is how others get theirs.
    """
    if limits.concurrency is None:
        return {}, None
    others = {name: held for name, held in budget.held.items() if held.until > at and name != ask.worker}
    most = limits.concurrency - floor(limits.concurrency * LEFT[ask.priority])
    free = most - sum(held.places for held in others.values())
    wants = {name: held.wanted for name, held in others.items()} | {ask.worker: ask.places}
    places = max(min(free, _fair(limits.concurrency, wants)[ask.worker]), 0)
    held = max(ask.busy, places)
    if not held and not ask.places:
        return others, 0
    return {**others, ask.worker: Held(held, ask.places, at + PLACES_FOR)}, places


def _fair(there: int, wants: Dict[str, int]) -> dict[str, int]:
    """Whoever wants little gets it; the others share the rest evenly."""
    fair: dict[str, int] = {}
    for n, (name, wanted) in enumerate(sorted(wants.items(), key=lambda each: (each[1], each[0]))):
        fair[name] = min(wanted, there // (len(wants) - n))
        there -= fair[name]
    return fair


def _rate(limits: Limits, budget: Budget, at: float) -> float | None:
    pace = _pace(budget, at)
    return min((each for each in (limits.per_second, pace) if each is not None), default=None)


def _pace(budget: Budget, at: float) -> float | None:
    """What we have slowed down to, getting faster again; None when that is long ago."""
    if budget.pace is None:
        return None
    since = max(at - budget.slowed_at, 0.0)
    return budget.pace * FASTER**since if since < 300 else None


def _burst(limits: Limits, rate: float) -> float:
    if limits.per_second is None or rate < limits.per_second:
        return max(rate * LONGEST_GRANT, 1.0)
    return float(limits.burst or max(limits.per_second, 1))


def _most(limits: Limits, rate: float, lasting: float) -> float:
    """What the bucket holds when it is full: what comes in while a grant is being used is not to come on top."""
    return max(_burst(limits, rate) - rate * lasting, 1.0)


def _leaves(seconds: float, step: int, lasting: float) -> float:
    """When a step's calls no longer matter: the last of them may have been made as late as their grant allowed."""
    return (step + 1) * (seconds / STEPS) + lasting + seconds


def _as_many(windows: tuple[Dict[int, int], ...], n: int) -> tuple[Dict[int, int], ...]:
    """The firm may have written another number of windows since."""
    return (*windows[:n], *({} for _ in range(n - len(windows))))


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _moment(value: Any) -> float:
    return NEVER if value is None else float(value)


def _spelled(moment: float) -> float | None:
    return None if moment == NEVER else moment
