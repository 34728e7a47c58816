"""Looking at the clocks that run: what is near its end or past it is told, once, in the transaction that notes it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from throughline.core.clocks.face import Face
from throughline.core.events import Event, SlaAtRisk, SlaBreached
from throughline.hub.applied import Applied
from throughline.hub.clocks.reading import face_of
from throughline.hub.machine import Machine
from throughline.hub.settle import Settled, Settler
from throughline.store import clockwork, entities, hop_clocks
from throughline.store.database import Row, Sql, transaction
from throughline.store.hop_clocks import End, Look

AT_ONCE = 200
# A clock that stands still is looked at this often, for its hold may be closed.
PAUSED = timedelta(minutes=1)


async def look(machine: Machine) -> int:
    """Look at what is to be looked at; how many there were."""
    applied, now = await machine.firms.current(), machine.clock()
    settled = Settled()
    async with transaction(machine.pool) as sql:
        since = await _worked_out(sql, applied, now=now)
        if since is None:
            return 0
        looking = _Looking(sql, applied, Settler(applied, machine.workflows, machine.ids), settled, now, since)
        rows = await hop_clocks.to_look_at(sql, now=now, limit=AT_ONCE)
        for row in rows:
            await looking.at(row)
        await looking.settler.wake(sql, settled, now=now)
    await machine.wakes.now(settled.woken)
    return len(rows)


async def _worked_out(sql: Sql, applied: Applied, *, now: datetime) -> datetime | None:
    """Since when we watch. Another version of the folder may agree on other times: every clock is worked out anew."""
    work = await clockwork.claim(sql)
    if work is None:
        return None
    if work["firm_version"] != applied.version:
        await hop_clocks.look_again(sql, now=now)
        await clockwork.worked_out_for(sql, applied.version)
    pausing = [name for name, sla in applied.firm.policies.slas.items() if sla.holds == "pause" and sla.within]
    await hop_clocks.look_at_held(sql, pausing, now=now)
    return work["since"]


@dataclass(frozen=True, slots=True)
class _Looking:
    """One look at several clocks."""

    sql: Sql
    applied: Applied
    settler: Settler
    settled: Settled
    now: datetime
    since: datetime

    async def at(self, clock: Row) -> None:
        seen = await face_of(self.sql, clock, self.applied.firm, at=self.now)
        late = seen.due is not None and self.now > seen.due
        if late and await hop_clocks.is_given_up(self.sql, clock["engagement"]):
            spent = seen.spent.total_seconds()
            await hop_clocks.end(self.sql, End(clock["id"], "given_up", self.now, seen.due, None, spent))
            return
        near_at, breached_at = clock["near_at"], clock["breached_at"] if late else None
        if late and seen.due and not breached_at:
            breached_at = seen.due
            await self._tell(SlaBreached, clock, seen.due)
        elif seen.due and not late and not near_at and seen.near and self.now >= seen.near:
            near_at = seen.near
            await self._tell(SlaAtRisk, clock, seen.due)
        again = self._again(seen, late=late)
        await hop_clocks.looked(self.sql, Look(clock["id"], seen.due, seen.paused, near_at, breached_at, again))

    def _again(self, seen: Face, *, late: bool) -> datetime | None:
        if seen.paused:
            return self.now + PAUSED
        if late or seen.due is None:
            return None
        # Due at that very moment is in time: a moment later it is not.
        after = seen.due + timedelta(microseconds=1)
        return seen.near if seen.near and seen.near > self.now else after

    async def _tell(self, what: type[SlaAtRisk] | type[SlaBreached], clock: Row, due: datetime) -> None:
        """What was due before we watched is history: nobody is told of it."""
        if due < self.since:
            return
        event: Event = what(
            clock=clock["id"], hop=clock["hop"], whose=clock["subject"], name=await self._name(clock),
            engagement=clock["engagement"], due_at=due,
        )  # fmt: skip
        about, engagement = f"{clock['id']}/{due.isoformat()}", clock["engagement"]
        await self.settler.publish(self.sql, event, self.settled, about=about, now=self.now, correlation=engagement)

    async def _name(self, clock: Row) -> str:
        """As people know it: the name of the deal, the number of the invoice, a project and its month."""
        id_, _, period = clock["subject"].partition("/")
        known = (await entities.many(self.sql, [id_])).get(id_)
        fields = known["fields"] if known else {}
        name = fields.get("number") or fields.get("name") or id_
        return f"{name}, {period}" if period else name
