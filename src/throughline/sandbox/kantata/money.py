"""Currencies, their subunits, and how Kantata writes an amount for people. Exact integers and decimals only."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

SYMBOLS = {"USD": "$", "GBP": "£", "EUR": "€", "JPY": "¥", "CHF": "CHF", "NOK": "kr", "SEK": "kr", "DKK": "kr"}
BASE_UNITS = {"JPY": 1}


def known(currency: str) -> bool:
    return currency in SYMBOLS


def base_unit(currency: str) -> int:
    return BASE_UNITS.get(currency, 100)


def subunits(amount: str, currency: str) -> int:
    return int((Decimal(amount) * base_unit(currency)).quantize(Decimal(1), ROUND_HALF_UP))


def spoken(cents: int | None, currency: str) -> str:
    """A price for people: whole units, cut off, and "TBD" for none. An integration reads the cents."""
    if cents is None:
        return "TBD"
    units = (Decimal(abs(cents)) / base_unit(currency)).quantize(Decimal(1), ROUND_DOWN)
    return f"{'-' if cents < 0 else ''}{SYMBOLS[currency]}{units:,}"


def rate_text(cents: int, currency: str) -> str:
    return str((Decimal(cents) / base_unit(currency)).quantize(Decimal("0.01")))


def worth(minutes: int, rate_in_cents: int) -> int:
    return int((Decimal(minutes) * rate_in_cents / 60).quantize(Decimal(1), ROUND_HALF_UP))
