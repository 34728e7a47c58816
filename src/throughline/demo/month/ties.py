"""Whether the books of a month tie: for each hop, what one system has against what the next one made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from throughline.demo.month.books import Books, Totals

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Side:
    """What adds up to a total: what is there, and what is known to be on its way."""

    parts: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.parts.values(), Decimal(0)).quantize(CENT)

    def as_json(self) -> dict[str, Any]:
        return {
            "total": str(self.total),
            "parts": {name: str(each.quantize(CENT)) for name, each in self.parts.items()},
        }


@dataclass(frozen=True, slots=True)
class Tie:
    hop: str
    currency: str
    left: Side
    right: Side

    @property
    def difference(self) -> Decimal:
        return self.left.total - self.right.total

    def as_json(self) -> dict[str, Any]:
        sides = {"left": self.left.as_json(), "right": self.right.as_json()}
        return {"hop": self.hop, "currency": self.currency, **sides, "difference": str(self.difference)}


@dataclass(frozen=True, slots=True)
class Held:
    """What the queue of holds says is on its way, by currency and by the part of a process that is held."""

    contracts: Totals = field(default_factory=dict[str, Decimal])
    hours: Totals = field(default_factory=dict[str, Decimal])


def ties(books: Books, held: Held) -> list[Tie]:
    hops: dict[str, tuple[dict[str, Totals], dict[str, Totals]]] = {
        "sold → contracted": (
            {
                "deals and their changes (CRM)": books.sold(),
                "changes agreed in delivery (PSA)": books.agreed_in_delivery(),
            },
            {"sales orders (ERP)": books.contracted(), "held": held.contracts},
        ),
        "contracted → planned": (
            {"sales orders (ERP)": books.contracted(), "held": held.contracts},
            {"prices of projects (PSA)": books.planned()},
        ),
        "worked → approved": (
            {"time entries (PSA)": books.worked()},
            {"approved (PSA)": books.approved(), "waits for approval (PSA)": books.unapproved()},
        ),
        "approved → billed": (
            {"approved hours billed as worked (PSA)": books.chargeable()},
            {"lines of invoices (ERP)": books.billed_for_time(), "held": held.hours},
        ),
        "due → billed": (
            {"instalments of schedules (ERP)": books.due()},
            {"lines of invoices (ERP)": books.billed_by_plan()},
        ),
        "billed → paid": (
            {"invoices with tax (ERP)": books.billed()},
            {"payments (ERP)": books.paid(), "open (ERP)": books.owed()},
        ),
        "contracted → recognised": (
            {"order lines whose revenue is spread (ERP)": books.spread()},
            {"recognised (ERP)": books.recognised(), "deferred (ERP)": books.deferred()},
        ),
    }
    return [tie for hop, sides in hops.items() for tie in _by_currency(hop, *sides)]


def _by_currency(hop: str, left: Mapping[str, Totals], right: Mapping[str, Totals]) -> list[Tie]:
    currencies = sorted({currency for totals in (*left.values(), *right.values()) for currency in totals})
    return [Tie(hop, each, _side(left, each), _side(right, each)) for each in currencies]


def _side(parts: Mapping[str, Totals], currency: str) -> Side:
    return Side({name: totals.get(currency, Decimal(0)) for name, totals in parts.items()})
