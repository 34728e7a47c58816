"""Puts the demo firm on the shelf, as if it had been there for years: no notes, no notices."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from throughline.sandbox.netsuite import seed_data as firm
from throughline.sandbox.netsuite.catalogue import TYPES
from throughline.sandbox.netsuite.records import Edit, Records
from throughline.sandbox.shelf import Shelf

SETUP = "setup"
_AGO = "2025-06-30T08:00:00Z"


def seed(records: Records) -> None:
    for name, id_, fields in _lists():
        _put(records.shelf, name, id_, fields)
    for id_, body in firm.CUSTOMERS.items():
        records.create(TYPES["customer"], Edit(body=body, actor=SETUP), id_=id_, quiet=True)
    records.bring_rates_in()


def _put(shelf: Shelf, name: str, id_: str, fields: dict[str, Any]) -> None:
    defaults = {field.name: field.default for field in TYPES[name].fields if field.default is not None}
    history = {"createdDate": _AGO, "lastModifiedDate": _AGO, "lastModifiedBy": SETUP}
    shelf.create(name, id_, {"id": id_, **history, **defaults, **fields})


def _lists() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for id_, currency in firm.CURRENCIES.items():
        yield "currency", id_, currency
    for id_, subsidiary in firm.SUBSIDIARIES.items():
        yield "subsidiary", id_, subsidiary
    for id_, term in firm.TERMS.items():
        yield "term", id_, term
    for id_, (code, rate, country, subsidiaries, reverse) in firm.TAX_CODES.items():
        shared = {"nexusCountry": country, "subsidiary": subsidiaries, "reverseCharge": reverse}
        yield "salesTaxItem", id_, {"itemId": code, "rate": rate, **shared}
    for id_, (item, title) in firm.ITEMS.items():
        rule = {"revenueRecognitionRule": firm.RULES[id_], "createRevenuePlansOn": "1"} if id_ in firm.RULES else {}
        yield "serviceSaleItem", id_, {"itemId": item, "displayName": title, **rule}
    for tens, line in firm.SERVICE_LINES.items():
        for unit, (code, subsidiary) in firm.LEGAL_ENTITIES.items():
            yield "department", tens + unit, {"name": f"{line} {code}", "subsidiary": [subsidiary]}
    for id_, (email, title, subsidiary) in firm.EMPLOYEES.items():
        name = email.split("@")[0]
        yield "employee", id_, {"entityId": name, "email": email, "title": title, "subsidiary": subsidiary}
    yield from _accounts()
    for year in (2026, 2027):
        yield from _periods(year)


def _accounts() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for id_, (number, title, type_) in firm.ACCOUNTS.items():
        yield "account", id_, {"acctNumber": number, "acctName": title, "acctType": type_}


def _periods(year: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """A year (600), its quarters (621..) and its months (601..): a hundred ids a year."""
    first = 600 + (year - 2026) * 100
    whole = {"startDate": f"{year}-01-01", "endDate": f"{year}-12-31", "isYear": True}
    yield "accountingPeriod", str(first), {"periodName": f"FY {year}", **whole}
    for quarter in range(1, 5):
        days = {"startDate": _first(year, quarter * 3 - 2), "endDate": _last(year, quarter * 3), "isQuarter": True}
        name = {"periodName": f"Q{quarter} {year}", "parent": str(first)}
        yield "accountingPeriod", str(first + 20 + quarter), {**name, **days}
    for month in range(1, 13):
        days = {"startDate": _first(year, month), "endDate": _last(year, month)}
        closed = (year, month) <= (2026, firm.CLOSED_UNTIL_MONTH)
        name = {"periodName": f"{date(year, month, 1):%b} {year}", "parent": str(first + 20 + (month + 2) // 3)}
        yield "accountingPeriod", str(first + month), {**name, **days, "closed": closed}


def _first(year: int, month: int) -> str:
    return date(year, month, 1).isoformat()


def _last(year: int, month: int) -> str:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).isoformat()
