"""A figure in words, the same in every door: "6 m 12 s", "96.8 %", "47.2 days", "EUR 18,420.00", "unknown"."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from throughline.core.kpis import Scale
from throughline.core.money import Money, plain
from throughline.hub.kpis.figures import Figure

UNKNOWN = "unknown"
MINUTE, HOUR, DAY = 60, 3600, 86400


def said(figure: Figure) -> str:
    return amount(figure.value, figure.kpi.unit, figure.currency)


def amount(value: Decimal | None, unit: Scale, currency: str = "") -> str:
    return UNKNOWN if value is None else SAID[unit](value, currency)


def money(value: Money) -> str:
    number, _, code = str(value).rpartition(" ")
    return f"{code} {number}"


def lasting(passed: timedelta) -> str:
    """In the two largest units: how long something took is read, not counted on."""
    seconds = max(int(passed.total_seconds()), 0)
    if seconds >= 2 * DAY:
        return f"{seconds // DAY} d {seconds % DAY // HOUR} h"
    if seconds >= HOUR:
        return f"{seconds // HOUR} h {seconds % HOUR // MINUTE:02} m"
    if seconds >= MINUTE:
        return f"{seconds // MINUTE} m {seconds % MINUTE:02} s"
    return f"{seconds} s"


def made_of(figure: Figure) -> str:
    """What a sum is made of, and what it leaves out."""
    parts = [money(each) for each in figure.amounts] if len(figure.amounts) > 1 or figure.value is None else []
    if figure.unknown:
        parts.append(f"{figure.unknown:,} of unknown worth")
    return ", ".join(parts)


SAID: dict[Scale, Callable[[Decimal, str], str]] = {
    Scale.SECONDS: lambda value, _: lasting(timedelta(seconds=float(value))),
    Scale.PERCENT: lambda value, _: f"{value} %",
    Scale.DAYS: lambda value, _: f"{value} days",
    Scale.HOURS: lambda value, _: f"{plain(value)} h",
    Scale.MONEY: lambda value, currency: money(Money.of(value, currency)),
    Scale.COUNT: lambda value, _: f"{int(value):,}",
}
