"""Quote to cash: the few figures that matter, how much money came how far, and what is late or due next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from throughline.core.clocks.hops import HOPS
from throughline.core.money import Money
from throughline.hub.clocks.listed import Listed, listed
from throughline.hub.kpis.counted import Counted
from throughline.hub.kpis.figures import Figure, Figures, figures
from throughline.hub.machine import Machine
from throughline.store import hop_figures
from throughline.store.database import Row

# Of money that came in, what was begun in the last quarter is drawn.
DRAWN_DAYS = 90
NEXT = 10
NEVER = datetime.max.replace(tzinfo=UTC)
HEADLINES = ("money_at_risk", "in_flight", "sla_attainment", "project_open_time", "unbilled", "dso")


@dataclass(frozen=True, slots=True)
class Sum:
    """Money in the reporting currency; `left_out` has no exchange rate, and `unknown` are worth nobody knows what."""

    total: Money
    left_out: tuple[Money, ...]
    unknown: int
    clocks: int


@dataclass(frozen=True, slots=True)
class FlowStage:
    """What came to a stage, how much of it reached the next, and how much is late; `behind` lists the clocks of it."""

    name: str
    title: str
    role: str
    behind: str
    came: Sum
    through: Sum
    late: Sum


@dataclass(frozen=True, slots=True)
class QuoteToCash:
    """The whole, at one moment."""

    figures: Figures
    stages: tuple[FlowStage, ...]
    due: tuple[Listed, ...]

    @property
    def headlines(self) -> tuple[Figure, ...]:
        return tuple(self.figures.one(name) for name in HEADLINES)


async def quote_to_cash(machine: Machine, *, days: int = 30) -> QuoteToCash:
    found = await figures(machine, days=days)
    hops = [each.name for each in HOPS]
    rows = await hop_figures.flowed(machine.pool, hops, since=found.now - timedelta(days=DRAWN_DAYS))
    return QuoteToCash(found, _stages(found.counted, rows), await _due(machine))


async def _due(machine: Machine) -> tuple[Listed, ...]:
    """The earliest of every hop; what stands still, or has no time agreed, is due never."""
    found = [each for hop in HOPS for each in (await listed(machine, hop.name, limit=NEXT)).rows if each.due]
    return tuple(sorted(found, key=lambda each: each.due or NEVER)[:NEXT])


def _stages(counted: Counted, rows: Sequence[Row]) -> tuple[FlowStage, ...]:
    def of(hop: str, amount: str, clocks: str) -> Sum:
        return _sum(counted, [row for row in rows if row["hop"] == hop], amount, clocks)

    def begun(hop: str) -> Sum:
        return of(hop, "amount", "clocks")

    def through(hop: str) -> Sum:
        return of(hop, "through_amount", "through")

    def late(hop: str) -> Sum:
        return of(hop, "late_amount", "late")

    nothing = _sum(counted, [], "amount", "clocks")
    return (
        FlowStage("won", "Closed-won", "crm", "/clocks?hop=project_open", begun("project_open"),
                  through("project_open"), late("project_open")),
        FlowStage("open", "Project open", "psa", "/clocks?hop=project_open&state=ended", through("project_open"),
                  begun("invoice_posted"), late("work_billed")),
        FlowStage("drafted", "On drafts", "erp", "/clocks?hop=invoice_posted", begun("invoice_posted"),
                  through("invoice_posted"), late("invoice_posted")),
        FlowStage("posted", "Invoiced", "erp", "/clocks?hop=invoice_paid", begun("invoice_paid"),
                  through("invoice_paid"), late("invoice_paid")),
        FlowStage("paid", "Paid", "bank", "/clocks?hop=invoice_paid&state=ended", through("invoice_paid"), nothing,
                  nothing),
    )  # fmt: skip


def _sum(counted: Counted, rows: Sequence[Row], amount: str, clocks: str) -> Sum:
    amounts = [Money.of(row[amount], row["currency"]) for row in rows if row["currency"] and row[amount] is not None]
    known = tuple(each for each in amounts if counted.together((each,)) is not None)
    total = counted.together(known) or Money.of(Decimal(0), counted.firm.reporting_currency)
    unknown = sum(row[clocks] for row in rows if not row["currency"])
    left_out = tuple(each for each in amounts if each not in known and each.amount)
    return Sum(total, left_out, unknown, sum(row[clocks] for row in rows))
