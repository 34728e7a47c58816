"""Times, spans and money in the words a page uses."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from throughline.console.pieces import Moment
from throughline.core.money import Money


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


def counted(number: int, noun: str, nouns: str | None = None) -> str:
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}"
