"""Times, spans and money in the words a page uses."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from throughline.console.pieces import Moment
from throughline.core.money import Money
from throughline.hub.desk.causes import Way
from throughline.store.database import Row


def at(when: datetime) -> Moment:
    return Moment(when.isoformat(), f"{when.day} {when:%b %H:%M:%S}")


def on(when: datetime) -> Moment:
    return Moment(when.isoformat(), f"{when.day} {when:%b %Y}")


def now_is(when: datetime) -> Moment:
    return Moment(when.isoformat(), f"{when.day} {when:%b %Y %H:%M} UTC")


def age(since: datetime, now: datetime) -> Moment:
    return Moment(since.isoformat(), span(now - since), age=True)


def span(passed: timedelta) -> str:
    """As the browser counts ages on: "3 d", "2 h 05 m", "7 m", "12 s"."""
    seconds = max(int(passed.total_seconds()), 0)
    days, hours, minutes = seconds // 86400, seconds // 3600, seconds // 60
    if days >= 2:
        return f"{days} d"
    if hours >= 1:
        return f"{hours} h {minutes % 60:02} m"
    return f"{minutes} m" if minutes >= 1 else f"{seconds} s"


def lasted(passed: timedelta) -> str:
    """How long something took: finer than an age."""
    seconds = passed.total_seconds()
    if seconds < 1:
        return f"{max(seconds * 1000, 1):.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else span(passed)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def money(amount: Decimal | str | None, currency: str | None) -> str:
    if amount is None or not currency:
        return ""
    text = str(Money.of(amount, currency))
    number, _, code = text.rpartition(" ")
    return f"{code} {number}"


def money_of(value: Mapping[str, str] | None) -> str:
    return money(value["amount"], value["currency"]) if value else ""


def monies(amounts: Mapping[str, Decimal]) -> str:
    return ", ".join(money(amount, currency) for currency, amount in sorted(amounts.items()))


def proposal(way: Way | None, worked: Sequence[Row]) -> str:
    """What worked before, with the figures behind it; nothing, when nothing worked more often than it came back."""
    if way is None:
        return ""
    known = way.worked + way.came_back
    because = f" Last time: “{worked[0]['reason']}”" if worked else ""
    return f"{way.words[:1].upper()}{way.words[1:]}: went through {way.worked:,} of {counted(known, 'time')}.{because}"


def counted(number: int, noun: str, nouns: str | None = None) -> str:
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}"
