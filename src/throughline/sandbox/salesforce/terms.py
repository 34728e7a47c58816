"""What a salesperson sells under each commercial model: billing, revenue, length, and typical lines."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from throughline.sandbox.salesforce.firm import PRODUCTS

type Line = dict[str, Any]

_CENT = Decimal("0.01")
_ROLES = (("Project Manager", "1.15"), ("Architect", "1.25"), ("Consultant", "1.00"), ("Analyst", "0.80"))
_MILESTONES = (("Design", "0.30"), ("Build", "0.40"), ("Go-live", "0.30"))


@dataclass(frozen=True, slots=True)
class Terms:
    """`product` is what is sold; time and materials sells the days of the service line instead."""

    product: str
    service_line: str
    billing_method: str
    billing_frequency: str
    revenue_treatment: str
    months: int


TERMS = {
    "Time and Materials": Terms("ADV-DAY", "Advisory", "On Approved Time", "Monthly", "As Invoiced", 6),
    "Fixed Fee": Terms("IMP-FIX", "Implementation", "On Schedule", "Quarterly", "Over Time", 6),
    "Milestone": Terms("IMP-FIX", "Implementation", "On Milestone", "Once", "Point in Time", 6),
    "Retainer": Terms("RET-MONTH", "Advisory", "In Advance", "Monthly", "Straight Line", 12),
    "Usage": Terms("USG-UNIT", "Managed Services", "On Usage", "Monthly", "As Invoiced", 12),
    "Subscription": Terms("SUB-YEAR", "Analytics", "In Advance", "Yearly", "Straight Line", 12),
    "Managed Service": Terms("MS-MONTH", "Managed Services", "On Schedule", "Monthly", "Straight Line", 12),
}
DAYS = {"Advisory": "ADV-DAY", "Implementation": "IMP-DAY", "Analytics": "ANA-DAY"}


@dataclass(frozen=True, slots=True)
class Sale:
    """What is known of a deal when its lines are drawn."""

    contract_type: str
    product: str
    currency: str
    start: date
    amount: Decimal | None

    @property
    def price(self) -> Decimal:
        return list_price(self.product, self.currency)


def list_price(code: str, currency: str) -> Decimal:
    product = next((each for each in PRODUCTS if each.code == code), None)
    if product is None:
        raise ValueError(f"product {code!r} is not sold; there are {', '.join(each.code for each in PRODUCTS)}")
    return Decimal(product.prices[currency])


def typical_lines(sale: Sale, chance: random.Random) -> list[Line]:
    """Lines that make sense for the contract type, and add up to the amount if there is one."""
    if sale.contract_type == "Milestone":
        return _milestones(sale, sale.amount or sale.price * chance.randint(1, 4))
    if sale.contract_type == "Time and Materials" and sale.amount is None:
        return _days(sale, chance)
    quantity = _QUANTITIES[sale.contract_type](chance)
    price = sale.price if sale.contract_type != "Fixed Fee" else sale.price * chance.choice((1, 2, 3))
    if sale.amount is not None:
        price = sale.amount / quantity
        if price != price.quantize(_CENT):  # a price has two digits: what does not divide is sold in one piece
            quantity, price = 1, sale.amount
    return [{"product": sale.product, "quantity": quantity, "unit_price": price}]


def after(start: date, months: int) -> date:
    """The same day so many months later; short months end on their last day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=start.day - 1), following - timedelta(days=1))


_QUANTITIES: dict[str, Callable[[random.Random], int]] = {
    "Time and Materials": lambda chance: chance.randrange(20, 80, 10),
    "Fixed Fee": lambda _: 1,
    "Retainer": lambda _: 12,
    "Usage": lambda chance: chance.randrange(20_000, 100_000, 10_000),
    "Subscription": lambda chance: chance.randint(1, 3),
    "Managed Service": lambda _: 12,
}


def _days(sale: Sale, chance: random.Random) -> list[Line]:
    return [
        {
            "product": sale.product,
            "quantity": chance.randrange(10, 60, 5),
            "unit_price": (sale.price * Decimal(factor)).quantize(_CENT),
            "role": role,
        }
        for role, factor in sorted(chance.sample(_ROLES, 3))
    ]


def _milestones(sale: Sale, total: Decimal) -> list[Line]:
    prices = [(total * Decimal(share)).quantize(_CENT) for _, share in _MILESTONES]
    prices[-1] = total - sum(prices[:-1])
    return [
        {
            "product": sale.product,
            "quantity": 1,
            "unit_price": price,
            "description": name,
            "service_date": after(sale.start, 2 * number).isoformat(),
        }
        for number, ((name, _), price) in enumerate(zip(_MILESTONES, prices, strict=True), start=1)
    ]
