"""Amounts that know their currency, and never pass through a float."""

import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, PlainSerializer, WithJsonSchema, field_serializer

# ISO 4217, the currencies in use. The exponents are ISO's: CLDR's are for display, and differ (IQD, MGA, RSD ...).
_CODES_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP
        CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR
        IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN
        NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
        STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
MINOR_DIGITS = {code: digits for digits, codes in _CODES_BY_DIGITS.items() for code in codes.split()}
MOST_DIGITS = 18
MOST_PLACES = 30
_SMALLEST = Decimal(1).scaleb(-MOST_PLACES)

_NUMBER = re.compile(r"[+-]?[0-9]{1,60}(\.[0-9]{1,60})?([eE][+-]?[0-9]{1,3})?")
# Own context: a thread's precision must never decide what an invoice says.
_ARITHMETIC = Context(prec=80, rounding=ROUND_HALF_EVEN)


def exact(value: object) -> Decimal:
    """A finite decimal from a decimal, an integer or their text; a float has lost something already: refused."""
    match value:
        case Decimal() if value.is_finite():
            found = value
        case int() if not isinstance(value, bool):
            found = Decimal(value)
        case str() if _NUMBER.fullmatch(value):
            found = Decimal(value)
        case _:
            raise ValueError(f"{value!r} is not an exact number: give a decimal, an integer or text such as '12.50'")
    if found and found.adjusted() >= MOST_DIGITS:
        raise ValueError(f"{found:.3E} is too large: we keep numbers of up to {MOST_DIGITS} digits before the point")
    return found if places(found) <= MOST_PLACES else _ARITHMETIC.quantize(found, _SMALLEST)


def places(value: Decimal) -> int:
    """How many digits stand after the point."""
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def plain(value: Decimal, *, at_least: int = 0) -> str:
    """The one way a value is written: no exponent, no needless zeros, so equal values read the same."""
    digits = f"{value:f}"
    whole, _, fraction = digits.partition(".")
    fraction = fraction.rstrip("0").ljust(at_least, "0")
    text = f"{whole}.{fraction}" if fraction else whole
    return text.removeprefix("-") if not value else text


def currency_code(value: str) -> str:
    """The code itself, when it is one in use."""
    if value not in MINOR_DIGITS:
        raise ValueError(f"{value!r} is not an ISO 4217 currency in use: write three capitals, such as EUR")
    return value


_NUMBER_SCHEMA = {"type": "string", "pattern": r"^[+-]?[0-9]+(\.[0-9]+)?$", "examples": ["12.50"]}

Exact = Annotated[
    Decimal,
    BeforeValidator(exact),
    PlainSerializer(plain, return_type=str, when_used="json"),
    WithJsonSchema(_NUMBER_SCHEMA),
]
Currency = Annotated[str, AfterValidator(currency_code)]


class CurrencyMismatch(ValueError):
    """Two currencies met where only one makes sense."""


class Money(BaseModel, frozen=True, extra="forbid"):
    """An amount in a currency; equal when the value is equal, however many zeros were written."""

    amount: Exact
    currency: Currency

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Self:
        return cls(amount=exact(amount), currency=currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls(amount=Decimal(0), currency=currency)

    @classmethod
    def from_minor(cls, units: int, currency: str) -> Self:
        """1234 cents are 12.34 EUR; 1234 of the smallest unit of JPY are 1234 JPY."""
        digits = MINOR_DIGITS[currency_code(currency)]
        return cls(amount=exact(units).scaleb(-digits, context=_ARITHMETIC), currency=currency)

    @property
    def is_zero(self) -> bool:
        return not self.amount

    def minor(self) -> int:
        """Whole minor units; refuses an amount that has parts of one."""
        scaled = self.amount.scaleb(MINOR_DIGITS[self.currency], context=_ARITHMETIC)
        if scaled != int(scaled):
            raise ValueError(f"{self} has parts of a minor unit: round it first")
        return int(scaled)

    def rounded(self, rounding: str = ROUND_HALF_UP) -> Self:
        """To the currency's smallest unit."""
        unit = Decimal(1).scaleb(-MINOR_DIGITS[self.currency])
        return self._with(self.amount.quantize(unit, rounding=rounding, context=_ARITHMETIC))

    def allocate(self, weights: Sequence[Decimal | int]) -> tuple[Self, ...]:
        """Parts in proportion to the weights that sum exactly to this; spare units go to the largest fractions."""
        whole_weights = [int(exact(weight).scaleb(MOST_PLACES, context=_ARITHMETIC)) for weight in weights]
        if min(whole_weights, default=0) < 0 or not any(whole_weights):
            raise ValueError(f"cannot allocate {self} by {list(weights)}: weights are zero or more, one above zero")
        units = self.minor()
        parts = _apportion(abs(units), whole_weights)
        return tuple(self.from_minor(part if units >= 0 else -part, self.currency) for part in parts)

    def split(self, count: int) -> tuple[Self, ...]:
        """Parts as equal as minor units allow, the larger first."""
        return self.allocate([1] * count)

    def convert(self, rate: Decimal | int | str, to: str) -> Self:
        """What it is worth elsewhere: one of ours is `rate` of theirs. Unrounded; round where the ledger does."""
        factor = exact(rate)
        if factor <= 0:
            raise ValueError(f"cannot convert {self} to {to} at {factor}: a rate is above zero")
        return type(self)(amount=_ARITHMETIC.multiply(self.amount, factor), currency=to)

    def __add__(self, other: Self) -> Self:
        return self._with(_ARITHMETIC.add(self.amount, self._same(other, "add")))

    def __sub__(self, other: Self) -> Self:
        return self._with(_ARITHMETIC.subtract(self.amount, self._same(other, "subtract")))

    def __neg__(self) -> Self:
        return self._with(self.amount.copy_negate())

    def __abs__(self) -> Self:
        return self._with(self.amount.copy_abs())

    def __mul__(self, factor: Decimal | int) -> Self:
        return self._with(_ARITHMETIC.multiply(self.amount, exact(factor)))

    __rmul__ = __mul__

    def __lt__(self, other: Self) -> bool:
        return self.amount < self._same(other, "compare")

    def __le__(self, other: Self) -> bool:
        return self.amount <= self._same(other, "compare")

    def __gt__(self, other: Self) -> bool:
        return self.amount > self._same(other, "compare")

    def __ge__(self, other: Self) -> bool:
        return self.amount >= self._same(other, "compare")

    def __str__(self) -> str:
        digits = plain(self.amount, at_least=MINOR_DIGITS[self.currency])
        return f"{Decimal(digits):,f} {self.currency}"

    @field_serializer("amount", when_used="json")
    def _amount_on_the_wire(self, amount: Decimal) -> str:
        return plain(amount, at_least=MINOR_DIGITS[self.currency])

    def _with(self, amount: Decimal) -> Self:
        return type(self)(amount=amount, currency=self.currency)

    def _same(self, other: Self, verb: str) -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"cannot {verb} {self} and {other}: convert one of them first")
        return other.amount


def summed(counted: Iterable[tuple[Decimal, int]]) -> Decimal:
    """The exact sum of values, each so many times."""
    result = Decimal(0)
    for value, times in counted:
        result = _ARITHMETIC.add(result, _ARITHMETIC.multiply(value, Decimal(times)))
    return result


def total(monies: Iterable[Money], currency: str) -> Money:
    """Their sum; nothing at all is zero, which is why the currency is asked for."""
    result = Money.zero(currency)
    for money in monies:
        result += money
    return result


def _apportion(units: int, weights: Sequence[int]) -> list[int]:
    """Largest remainder: whole shares first, then one unit each to the largest fractions, earlier ones first."""
    whole = sum(weights)
    parts = [units * weight // whole for weight in weights]
    by_fraction = sorted(range(len(weights)), key=lambda at: (-(units * weights[at] % whole), at))
    for at in by_fraction[: units - sum(parts)]:
        parts[at] += 1
    return parts
