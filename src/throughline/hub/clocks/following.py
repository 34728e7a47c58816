"""Following the event log: which clocks begin and end by what happened, and which months of work to count anew."""

from collections import Counter, defaultdict
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from throughline.core import exact
from throughline.core.clocks.hops import WORK_BILLED, Hop, begun_by, dropped_by, ended_by
from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.hub.clocks.reading import face_of, outcome
from throughline.hub.horizon import Horizon
from throughline.hub.machine import Machine
from throughline.store import clockwork, entities, events, hop_clocks, runs, work_months
from throughline.store.database import Row, Sql, transaction
from throughline.store.hop_clocks import End, NewClock
from throughline.store.work_months import Month

AT_ONCE = 1000
WORK = ("TimeApproved", "TimeUnapproved", "TimeCorrected", "ExpenseApproved", "ExpenseUnapproved", "ExpenseCorrected")
BILLING = ("InvoiceDrafted", "InvoicePosted", "InvoiceSent", "InvoicePaid", "InvoiceCredited", "InvoiceVoided")


async def follow(machine: Machine, horizon: Horizon) -> bool:
    """Read on a stretch, in one transaction with the place; true when there is more at once."""
    until = await horizon.look()
    firm = (await machine.firms.current()).firm
    async with transaction(machine.pool) as sql:
        await clockwork.begin(sql, now=machine.clock())
        work = await clockwork.claim(sql)
        if work is None or work["place"] >= until:
            return False
        found = await events.following(sql, work["place"], until=until, limit=AT_ONCE)
        following = _Following(sql, firm, machine.clock())
        for row in found.rows:
            await following.event(row)
        await following.months(await _months(sql, found.rows))
        happened = Counter((row["at"].astimezone(UTC).date(), row["type"]) for row in found.rows)
        await clockwork.count(sql, happened)
        await clockwork.advance(sql, found.place)
        return found.more


@dataclass(frozen=True, slots=True)
class _Following:
    """One stretch of the log."""

    sql: Sql
    firm: Firm
    now: datetime

    async def event(self, row: Row) -> None:
        for each in ended_by(row["type"]):
            await self.end(each, each.whose(row["fields"], row["correlation"]), at=row["at"])
        for each in dropped_by(row["type"]):
            await self.drop(each, each.whose(row["fields"], row["correlation"]), at=row["at"])
        for each in begun_by(row["type"]):
            await self.begin(each, row)

    async def begin(self, hop: Hop, row: Row) -> None:
        subject = hop.whose(row["fields"], row["correlation"])
        # What came back before it was told that it went out is over already.
        if hop.ends and await runs.happened(self.sql, hop.ends.type, subject, since=row["at"]):
            return
        about = await _about(self.sql, subject, row["correlation"])
        worth = _money(row["fields"].get("amount")) or _worth(about.fields)
        await hop_clocks.begin(self.sql, NewClock(
            id=clock_id(hop, subject, row["id"]), hop=hop.name, subject=subject, engagement=about.engagement,
            began=row["at"], legal_entity=about.legal_entity, amount=worth.amount if worth else None,
            currency=worth.currency if worth else None,
        ))  # fmt: skip

    async def end(self, hop: Hop, subject: str, *, at: datetime) -> None:
        clock = await hop_clocks.running(self.sql, hop.name, subject)
        if clock is not None:
            seen = await face_of(self.sql, clock, self.firm, at=at)
            await hop_clocks.end(self.sql, outcome(clock, seen, ended=at))

    async def drop(self, hop: Hop, subject: str, *, at: datetime) -> None:
        """Neither met nor missed: it was taken back."""
        clock = await hop_clocks.running(self.sql, hop.name, subject)
        if clock is not None:
            spent = (at - clock["began_at"]).total_seconds()
            await hop_clocks.end(self.sql, End(clock["id"], "given_up", at, clock["due_at"], None, spent))

    async def months(self, months: Dict[Month, list[datetime]]) -> None:
        """A month of work runs from its first approval until nothing of it is left to bill."""
        if not months:
            return
        rows = await work_months.read(self.sql, sorted(months), now=self.now)
        counted = {(row["project"], row["period"]): row for row in rows}
        for (project, period), moments in months.items():
            row = counted.get((project, period))
            if row is None or row["drafted_lines"] + row["billed_lines"] >= row["lines"]:
                await self.end(WORK_BILLED, f"{project}/{period}", at=max(moments))
            else:
                await self._begin_month(row, at=min(moments))
        await work_months.sample(self.sql, rows, now=self.now)

    async def _begin_month(self, row: Row, *, at: datetime) -> None:
        subject = f"{row['project']}/{row['period']}"
        open_amount = row["approved"] - row["drafted"] - row["billed"]
        known = row["currency"] and not row["unpriced"]
        await hop_clocks.begin(self.sql, NewClock(
            id=clock_id(WORK_BILLED, subject, at.isoformat()), hop=WORK_BILLED.name, subject=subject,
            engagement=row["engagement"] or row["project"], began=at, legal_entity=row["legal_entity"],
            amount=open_amount if known else None, currency=row["currency"] if known else None,
        ))  # fmt: skip


def clock_id(hop: Hop, subject: str, begun_by: str) -> str:
    """Made of what began it, so that the same one never begins twice."""
    return f"clock-{exact.digest(hop.name, subject, begun_by)[:12].lower()}"


async def _months(sql: Sql, rows: Sequence[Row]) -> Dict[Month, list[datetime]]:
    """Which months these events are about, and when each was spoken of."""
    found = defaultdict[Month, list[datetime]](list)
    for row in rows:
        if row["type"] in WORK:
            found[row["fields"]["project"], row["fields"]["day"][:7]].append(row["at"])
        elif row["type"] in BILLING:
            for month in await work_months.charged_by(sql, row["fields"]["invoice"]):
                found[month].append(row["at"])
    return found


@dataclass(frozen=True, slots=True)
class _About:
    """What is known of whose clock it is."""

    engagement: str
    legal_entity: str | None
    fields: dict[str, Any]


async def _about(sql: Sql, subject: str, correlation: str) -> _About:
    """The engagement is the deal itself, or that of the contract or project it belongs to."""
    known = await entities.many(sql, [subject])
    fields: dict[str, Any] = known[subject]["fields"] if subject in known else {}
    names = [fields[name] for name in ("contract", "project") if fields.get(name)]
    above = [row["fields"] for row in (await entities.many(sql, names)).values()] if names else []
    deal = fields.get("amends") or next((each["opportunity"] for each in above if each.get("opportunity")), correlation)
    entity = next((each["legal_entity"] for each in (fields, *above) if each.get("legal_entity")), None)
    return _About(deal, entity, fields)


def _worth(fields: dict[str, Any]) -> Money | None:
    return next(
        (found for name in ("amount", "amount_delta", "net", "total") if (found := _money(fields.get(name)))), None
    )


def _money(said: Any) -> Money | None:
    return Money.model_validate(said) if isinstance(said, dict) else None
