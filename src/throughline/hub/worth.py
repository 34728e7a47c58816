"""The money ladder: what an engagement is worth at each step from the sale to the books, and what does not tie."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from throughline.core.worth import Gap, Rung, gaps
from throughline.hub.machine import Machine
from throughline.store import entities, worth
from throughline.store.database import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung: its money by currency, how many records it is made of, and of how many nobody knows the worth."""

    rung: Rung
    amounts: dict[str, Decimal]
    records: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """All rungs in order, those nothing is known of as well, and each difference by its name."""

    steps: tuple[Step, ...]
    gaps: tuple[Gap, ...]


async def ladder(machine: Machine, deal: str) -> Ladder:
    rows = await worth.of_deal(machine.pool, deal)
    steps = tuple(_step(rung, [row for row in rows if row["rung"] == rung]) for rung in Rung)
    known = await entities.many(machine.pool, [deal])
    model = known[deal]["fields"].get("commercial_model") if deal in known else None
    return Ladder(steps, gaps({step.rung: step.amounts for step in steps}, model))


def _step(rung: Rung, rows: Sequence[Row]) -> Step:
    return Step(
        rung=rung,
        amounts={row["currency"]: row["amount"] for row in rows if row["amount"] is not None and row["currency"]},
        records=sum(row["records"] for row in rows),
        unknown=sum(row["unknown"] for row in rows),
    )
