"""What an engagement is worth at each step from the sale to the books, and what of it does not tie."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from throughline.core.entities.terms import CommercialModel

type Amounts = Mapping[str, Decimal]

# The PSA keeps a budget in whole units, everything else is kept in cents.
WHOLE, CENT = Decimal(1), Decimal("0.01")


class Rung(StrEnum):
    """The steps of the money ladder, in order."""

    SOLD = "sold"
    CONTRACTED = "contracted"
    PLANNED = "planned"
    WORKED = "worked"
    APPROVED = "approved"
    BILLED = "billed"
    PAID = "paid"
    RECOGNISED = "recognised"


@dataclass(frozen=True, slots=True)
class Gap:
    """What is between two rungs: `tied` when it is only not there yet, and not when somebody must look."""

    name: str
    amount: Decimal
    currency: str
    tied: bool


def gaps(worth: Mapping[Rung, Amounts], model: str | None) -> tuple[Gap, ...]:
    """Each difference by its name. A rung nothing is known of yet has none."""
    found = [
        *_between(worth, Rung.SOLD, Rung.CONTRACTED),
        *_between(worth, Rung.SOLD, Rung.PLANNED, WHOLE),
        *_left(worth, Rung.WORKED, Rung.APPROVED, "Worked, not approved"),
        *_between(worth, Rung.BILLED, Rung.RECOGNISED),
    ]
    if model == CommercialModel.TIME_AND_MATERIALS:
        found += _left(worth, Rung.APPROVED, Rung.BILLED, "Approved, not billed")
        found += _beyond(worth, Rung.APPROVED, Rung.BILLED, "Billed, not approved")
    else:
        found += _beyond(worth, Rung.SOLD, Rung.BILLED, "Billed beyond what was sold")
    return tuple(found)


def _between(worth: Mapping[Rung, Amounts], left: Rung, right: Rung, tolerance: Decimal = CENT) -> list[Gap]:
    """Two that should be the same."""
    if not worth.get(left) or not worth.get(right):
        return []
    more, less = f"{left.capitalize()}, not {right}", f"{right.capitalize()}, not {left}"
    return [
        Gap(more if by > 0 else less, abs(by), currency, tied=False)
        for currency, by in _differences(worth, left, right)
        if abs(by) >= tolerance
    ]


def _left(worth: Mapping[Rung, Amounts], left: Rung, right: Rung, name: str) -> list[Gap]:
    """What has not come as far yet."""
    return [Gap(name, by, currency, tied=True) for currency, by in _differences(worth, left, right) if by >= CENT]


def _beyond(worth: Mapping[Rung, Amounts], left: Rung, right: Rung, name: str) -> list[Gap]:
    """What came further than it may."""
    return [Gap(name, -by, currency, tied=False) for currency, by in _differences(worth, left, right) if -by >= CENT]


def _differences(worth: Mapping[Rung, Amounts], left: Rung, right: Rung) -> list[tuple[str, Decimal]]:
    ours, theirs = worth.get(left, {}), worth.get(right, {})
    nothing = Decimal(0)
    return [(code, ours.get(code, nothing) - theirs.get(code, nothing)) for code in sorted({*ours, *theirs})]
