"""Currency exchange rates, as a provider brings them in on working days: made up, and always the same for a day."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from throughline.sandbox.netsuite.moments import stamp
from throughline.sandbox.netsuite.wire import plain
from throughline.sandbox.shelf import Record, Shelf

RATE = "currencyRate"
_BEFORE = timedelta(days=45)
_SATURDAY = 5
# What a euro is worth, on average.
_WORTH = {"EUR": Decimal(1), "USD": Decimal("1.16"), "GBP": Decimal("0.87")}
_STEP, _DIGITS = Decimal("0.0004"), Decimal("0.000001")


def bring_in(shelf: Shelf, today: date, at: datetime) -> None:
    """The rates of the working days that have gone by since the last ones; at first those of some weeks."""
    day = _newest(shelf, today - _BEFORE) + timedelta(days=1)
    while day <= today:
        if day.weekday() < _SATURDAY:
            _publish(shelf, day, stamp(at))
        day += timedelta(days=1)


def rate_on(shelf: Shelf, day: str, *, source: str, base: str) -> str | None:
    """What one unit of a currency is worth in a base currency: the newest rate that is effective by then."""
    if source == base:
        return "1"
    found = (
        each
        for each in shelf.all(RATE).values()
        if (each["transactionCurrency"], each["baseCurrency"]) == (source, base) and each["effectiveDate"] <= day
    )
    newest: Record | None = max(found, key=lambda each: (each["effectiveDate"], int(each["id"])), default=None)
    return newest["exchangeRate"] if newest else None


def _newest(shelf: Shelf, otherwise: date) -> date:
    newest = max((each["effectiveDate"] for each in shelf.all(RATE).values()), default=None)
    return date.fromisoformat(newest) if newest else otherwise


def _publish(shelf: Shelf, day: date, at: str) -> None:
    """For each base currency of the account, what every other currency is worth in it."""
    currencies = {id_: each for id_, each in shelf.all("currency").items() if each["symbol"] in _WORTH}
    for base_id, base in currencies.items():
        for source_id in (each for each in currencies if each != base_id and base.get("isBaseCurrency")):
            worth = _worth(base["symbol"], day) / _worth(currencies[source_id]["symbol"], day)
            id_ = str(shelf.next(RATE))
            rate: Record = {"id": id_, "baseCurrency": base_id, "transactionCurrency": source_id}
            told = {"exchangeRate": plain(worth.quantize(_DIGITS, ROUND_HALF_UP)), "effectiveDate": day.isoformat()}
            shelf.create(RATE, id_, {**rate, **told, "lastModifiedDate": at})


def _worth(symbol: str, day: date) -> Decimal:
    """It moves a little from day to day, and stays near its average."""
    if symbol == "EUR":
        return _WORTH[symbol]
    return _WORTH[symbol] + _STEP * ((day.toordinal() * 7 + ord(symbol[0])) % 31 - 15)
