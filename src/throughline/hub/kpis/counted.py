"""What key figures are computed from: counted once, at one look, for a span of days that ends now."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from throughline.core.clocks.hops import HOPS
from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.hub.machine import Machine
from throughline.hub.reconciliation import census
from throughline.hub.reconciliation import overview as reconciled
from throughline.hub.reconciliation.overview import Stands
from throughline.store import censuses, hop_figures, kpi_figures
from throughline.store.database import Row

OLD = timedelta(days=30)
# DSO looks back a quarter, whatever period is asked for.
QUARTER_DAYS = 90
# An exchange rate older than that says nothing of today.
RATES_BEFORE = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Worth:
    """Money of one sort: how much in each currency, of how many, and how many are worth nobody knows what."""

    amounts: tuple[Money, ...]
    of: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Counted:
    """One look at everything."""

    firm: Firm
    now: datetime
    since: datetime
    ended: Dict[str, Row]
    running: Dict[str, Row]
    rates: Dict[str, Decimal]
    at_risk: Worth
    in_flight: Worth
    late_invoices: Worth
    unbilled: Worth
    unbilled_old: Worth
    owed: Worth
    sold: Worth
    disputed: int
    unposted_hours: Decimal
    unposted_lines: int
    holds: Row
    holds_open: Row
    first_pass: Row
    changes: Row
    won: Row
    stopped: int
    happened: int
    stands: tuple[Stands, ...]
    censuses: tuple[int, int]

    def together(self, amounts: tuple[Money, ...]) -> Money | None:
        """In the reporting currency, at the newest rates; None when one of them is not known."""
        code = self.firm.reporting_currency
        if any(each.currency != code and each.currency not in self.rates for each in amounts):
            return None
        total = sum((each.amount * self.rates.get(each.currency, Decimal(1)) for each in amounts), Decimal(0))
        return Money.of(total, code).rounded()


async def counted(machine: Machine, *, days: int) -> Counted:
    firm, now, pool = (await machine.firms.current()).firm, machine.clock(), machine.pool
    since, today = now - timedelta(days=days), now.date()
    hops = [each.name for each in HOPS]
    span = {"since": since, "until": now + timedelta(microseconds=1)}
    unbilled = await kpi_figures.unbilled(pool, old=today - OLD)
    owed = await kpi_figures.owed(pool)
    quarter = today - timedelta(days=QUARTER_DAYS - 1)
    code = firm.reporting_currency
    found = await kpi_figures.rates(pool, target=code, since=today - RATES_BEFORE, until=today)
    taken = await censuses.listed(pool)
    return Counted(
        firm=firm, now=now, since=since,
        ended={row["hop"]: row for row in await hop_figures.ended(pool, hops, **span)},
        running={row["hop"]: row for row in await hop_figures.running(pool, hops, now=now)},
        rates={row["source"]: row["rate"] for row in found},
        at_risk=worth(await hop_figures.at_risk(pool), of="engagements"),
        in_flight=worth(await kpi_figures.in_flight(pool), of="deals"),
        late_invoices=worth(await hop_figures.late(pool, "invoice_paid"), of="clocks"),
        unbilled=worth(unbilled, of="lines"),
        unbilled_old=_old(unbilled),
        owed=worth(owed, of="invoices"),
        sold=worth(await kpi_figures.sold_on_credit(pool, since=quarter, until=today), of="invoices"),
        disputed=sum(row["disputed"] for row in owed),
        unposted_hours=sum((row["open_hours"] for row in unbilled), Decimal(0)),
        unposted_lines=sum(row["open_lines"] for row in unbilled),
        holds=await kpi_figures.holds_of(pool, **span),
        holds_open=await kpi_figures.holds_open(pool),
        first_pass=await kpi_figures.first_pass(pool, **span),
        changes=await kpi_figures.changes(pool, **span),
        won=await kpi_figures.won(pool, **span),
        stopped=await kpi_figures.stopped(pool),
        happened=await kpi_figures.happened(pool, since=since.date(), until=today),
        stands=await reconciled.stands(machine),
        censuses=(sum(not census.lasts(row, now) for row in taken), len(taken)),
    )  # fmt: skip


def worth(rows: list[Row], *, of: str) -> Worth:
    """A row whose currency nobody knows is worth nobody knows what; one that counts its own unknown says so."""
    known = [row for row in rows if row["currency"] and row["amount"] is not None]
    unknown = sum(row[of] for row in rows if not row["currency"])
    unknown += sum(row.get("unknown", 0) for row in rows if row["currency"])
    amounts = tuple(Money.of(row["amount"], row["currency"]) for row in sorted(known, key=lambda row: row["currency"]))
    return Worth(amounts, sum(row[of] for row in rows), unknown)


def _old(rows: list[Row]) -> Worth:
    known = [row for row in rows if row["currency"] and row["old_amount"] is not None]
    amounts = tuple(Money.of(row["old_amount"], row["currency"]) for row in known)
    return Worth(amounts, len(known), sum(row["old_unknown"] for row in rows))
