"""The figures: each of the definitions, computed from what was counted. What is not known is None, never nought."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from throughline.core.clocks.attainment import PERCENT, TENTH, Attainment, Drain, ErrorBudget, drain, error_budget
from throughline.core.clocks.hops import HOPS, Hop
from throughline.core.kpis import KPIS, Kpi, Scale
from throughline.core.money import Money
from throughline.core.policies import Sla
from throughline.hub.kpis.counted import QUARTER_DAYS, Counted, Worth, counted
from throughline.hub.machine import Machine
from throughline.store.database import Row

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure. `value` is None when it is not known, `why` then says why.

    `amounts` are what a sum of money is made of, by currency; `of` is how many records it was computed from, and
    `unknown` how many more it leaves out because nobody knows what they are worth.
    """

    kpi: Kpi
    value: Decimal | None = None
    p95: Decimal | None = None
    amounts: tuple[Money, ...] = ()
    of: int = 0
    unknown: int = 0
    why: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class HopFigure:
    """How one hop does: against what was agreed on, its error budget, and when what runs now will be through."""

    hop: Hop
    sla: Sla | None
    attained: Attainment
    ended: int
    running: int
    late: int
    paused: int
    median_seconds: Decimal | None
    p95_seconds: Decimal | None
    budget: ErrorBudget | None
    drain: Drain | None


@dataclass(frozen=True, slots=True)
class Figures:
    """All of them, for the days before a moment."""

    days: int
    now: datetime
    figures: tuple[Figure, ...]
    hops: tuple[HopFigure, ...]
    counted: Counted = field(repr=False)

    def one(self, name: str) -> Figure:
        return next(each for each in self.figures if each.kpi.name == name)


async def figures(machine: Machine, *, days: int = 30) -> Figures:
    found = await counted(machine, days=days)
    told = tuple(COMPUTED[each.name](each, found) for each in KPIS)
    return Figures(days, found.now, told, tuple(_hop(each, found, days) for each in HOPS), found)


def _hop(hop: Hop, found: Counted, days: int) -> HopFigure:
    ended, running = found.ended.get(hop.name), found.running.get(hop.name)
    sla = found.firm.policies.slas.get(hop.name)
    attained = Attainment(ended["met"], ended["missed"]) if ended else Attainment(0, 0)
    through, under_way = ended["ended"] if ended else 0, running["running"] if running else 0
    return HopFigure(
        hop=hop, sla=sla, attained=attained, ended=through, running=under_way,
        late=running["late"] if running else 0, paused=running["paused"] if running else 0,
        median_seconds=_second(ended, 0), p95_seconds=_second(ended, 1),
        budget=error_budget(attained, sla.target_percent if sla else None),
        drain=drain(left=under_way, done=through, over=DAY * days, now=found.now),
    )  # fmt: skip


def _second(row: Row | None, n: int) -> Decimal | None:
    return _whole(row["seconds"][n]) if row and row["seconds"] else None


def _whole(seconds: float) -> Decimal:
    return Decimal(str(seconds)).quantize(Decimal(1), rounding=ROUND_HALF_UP)


def _timed(kpi: Kpi, found: Counted) -> Figure:
    row = found.ended.get(kpi.hop)
    if row is None or not row["ended"]:
        return Figure(kpi=kpi, why="none ended in the period")
    return Figure(kpi=kpi, value=_second(row, 0), p95=_second(row, 1), of=row["ended"])


def _money(pick: Callable[[Counted], Worth]) -> "Computed":
    def computed(kpi: Kpi, found: Counted) -> Figure:
        sum_ = pick(found)
        total = found.together(sum_.amounts)
        if total is None:
            return Figure(
                kpi=kpi, amounts=sum_.amounts, of=sum_.of, unknown=sum_.unknown, why="an exchange rate is missing"
            )
        if not sum_.amounts and sum_.unknown:
            return Figure(kpi=kpi, of=sum_.of, unknown=sum_.unknown, why="nobody knows what they are worth")
        return Figure(
            kpi=kpi, value=total.amount, currency=total.currency, amounts=sum_.amounts, of=sum_.of,
            unknown=sum_.unknown,
        )  # fmt: skip

    return computed


def _count(pick: Callable[[Counted], int]) -> "Computed":
    return lambda kpi, found: Figure(kpi=kpi, value=Decimal(pick(found)), of=pick(found))


def _share(pick: Callable[[Counted], tuple[int, int]], why: str) -> "Computed":
    """So many of so many; of none it is unknown."""

    def computed(kpi: Kpi, found: Counted) -> Figure:
        part, whole = pick(found)
        if not whole:
            return Figure(kpi=kpi, why=why)
        return Figure(kpi=kpi, value=(PERCENT * part / whole).quantize(TENTH), of=whole)

    return computed


def _attained(*hops: str) -> Callable[[Counted], tuple[int, int]]:
    def pick(found: Counted) -> tuple[int, int]:
        rows = [row for name, row in found.ended.items() if not hops or name in hops]
        met = sum(row["met"] for row in rows)
        return met, met + sum(row["missed"] for row in rows)

    return pick


def _resolved(kpi: Kpi, found: Counted) -> Figure:
    if not found.holds["closed"]:
        return Figure(kpi=kpi, why="none was closed in the period")
    return Figure(kpi=kpi, value=_second(found.holds, 0), p95=_second(found.holds, 1), of=found.holds["closed"])


def _unposted(kpi: Kpi, found: Counted) -> Figure:
    return Figure(kpi=kpi, value=found.unposted_hours, of=found.unposted_lines)


def _dso(kpi: Kpi, found: Counted) -> Figure:
    owed, sold = found.together(found.owed.amounts), found.together(found.sold.amounts)
    if found.owed.unknown or found.sold.unknown:
        return Figure(
            kpi=kpi, unknown=found.owed.unknown + found.sold.unknown, why="the ledger has not said all amounts"
        )
    if owed is None or sold is None:
        return Figure(kpi=kpi, amounts=found.owed.amounts, of=found.owed.of, why="an exchange rate is missing")
    if not sold.amount:
        return Figure(kpi=kpi, amounts=found.owed.amounts, of=found.owed.of, why="nothing was invoiced in 90 days")
    days = (owed.amount / sold.amount * QUARTER_DAYS).quantize(TENTH)
    return Figure(kpi=kpi, value=days, amounts=found.owed.amounts, of=found.owed.of)


def _unreconciled(found: Counted) -> Worth:
    amounts: dict[str, Money] = {}
    for money in (money for each in found.stands for money in each.amounts):
        known = amounts.get(money.currency)
        amounts[money.currency] = known + money if known else money
    return Worth(
        tuple(amounts[code] for code in sorted(amounts)), sum(each.unreconciled for each in found.stands),
        sum(each.unknown for each in found.stands),
    )  # fmt: skip


def _consistent(found: Counted) -> tuple[int, int]:
    made = [each for each in found.stands if each.comparison.domain != "money" and each.made_at]
    whole = sum(each.left.count for each in made)
    return max(0, whole - sum(each.unreconciled for each in made)), whole


type Computed = Callable[[Kpi, Counted], Figure]

COMPUTED: dict[str, Computed] = {
    "money_at_risk": _money(lambda found: found.at_risk),
    "in_flight": _money(lambda found: found.in_flight),
    "sla_attainment": _share(_attained(), "none ended in the period with an agreed time"),
    **{each.name: _timed for each in KPIS if each.hop and each.unit is Scale.SECONDS},
    "billing_on_time": _share(_attained("work_billed"), "no month's billing ended in the period"),
    "conversion": _share(lambda found: (found.won["opened"], found.won["won"]), "no deal was won in the period"),
    "won_without_project": _count(lambda found: row["running"] if (row := found.running.get("project_open")) else 0),
    "failed_provisioning": _count(lambda found: found.stopped),
    "first_pass_yield": _share(
        lambda found: (found.first_pass["at_once"], found.first_pass["opened"]), "no project opened in the period"
    ),
    "exceptions_opened": _count(lambda found: found.holds["opened"]),
    "exceptions_open": _count(lambda found: found.holds_open["open"]),
    "exception_resolution_time": _resolved,
    "change_exception_rate": _share(
        lambda found: (found.changes["held"], found.changes["approved"]), "no change order was approved in the period"
    ),
    "billing_exceptions": _count(lambda found: found.holds_open["billing"]),
    "throughput": _count(lambda found: found.happened),
    "unposted_time": _unposted,
    "unbilled": _money(lambda found: found.unbilled),
    "unbilled_over_30": _money(lambda found: found.unbilled_old),
    "dso": _dso,
    "overdue": _money(lambda found: found.late_invoices),
    "disputed_invoices": _count(lambda found: found.disputed),
    "unreconciled_value": _money(_unreconciled),
    "reconciliation_breaks": _count(lambda found: sum(each.unreconciled for each in found.stands)),
    "master_data_consistency": _share(_consistent, "nothing was compared yet"),
    "data_completeness": _share(lambda found: found.censuses, "nothing was counted yet"),
}
