"""Runs: a lane is claimed, its oldest run passes once through its process, and what came of it is one transaction."""

import contextlib
import random
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import asyncpg
import structlog

from throughline.core.claims import Claim
from throughline.core.clock import Clock
from throughline.core.errors import Hold, Retry
from throughline.core.events import EVENTS
from throughline.core.ids import Ids
from throughline.core.ownership import HUB
from throughline.core.priority import Priority
from throughline.core.workflow import Workflow
from throughline.hub import dead_letters, parking
from throughline.hub.applied import Applied
from throughline.hub.captures import Captures
from throughline.hub.control import LaneLost, Waiting
from throughline.hub.firms import Firms
from throughline.hub.flow import Interruption, PartState, PassFlow
from throughline.hub.lease import LEASE, Lease
from throughline.hub.outlet import Behalf, Outlet
from throughline.hub.settle import Settled, Settler, Verdict
from throughline.hub.stopped import Stopped
from throughline.hub.timekeeper import Timekeeper
from throughline.hub.together import Together
from throughline.hub.wakes import Wakes
from throughline.store import corrections, entities, holds, lanes, lockouts, passes, runs
from throughline.store import dead_letters as stored
from throughline.store.database import AWAY, Pool, Row, Sql, transaction
from throughline.store.entities import Overtaken
from throughline.store.passes import Ended, Ending, LeaseOver

log = structlog.get_logger()

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=1), timedelta(minutes=5)
# An event may be published in the very moment a run begins to wait for it, and neither sees the other.
LOOK_AGAIN = timedelta(minutes=15)
# A parked lane is let go when it is its turn; should what it waits for be gone, it looks for itself.
PARKED = timedelta(hours=1)
# A system let us in again in the very moment a run began to wait for that: it is known to everybody a second later.
SOON = timedelta(seconds=1)


@dataclass(slots=True)
class Runner:
    """Works off lanes. Everything it needs to be repeatable is an argument."""

    pool: Pool
    firms: Firms
    workflows: Dict[str, Workflow]
    captures: Captures
    wakes: Wakes
    clock: Clock
    ids: Ids
    chance: random.Random
    worker: str
    lease_length: timedelta = LEASE
    timekeeper: Timekeeper | None = None
    claims: Together[str, Row | None] = field(init=False)
    reads: Together[str, Row | None] = field(init=False)
    endings: Together[Ending, Ended] = field(init=False)

    def __post_init__(self) -> None:
        self.claims, self.reads, self.endings = Together(self._claim), Together(self._read), Together(self._close)

    async def work(self, lane: str) -> None:
        """Pass through the lane's oldest run, and say when to come back."""
        now = self.clock()
        row = await self.claims.one(lane)
        if row is None:
            return
        lease = Lease(self.pool, lane, row["fence"], self._latest, now, self.lease_length)
        if row["id"] is None or row["cancel"]:
            # One that is to be cancelled makes no further pass: see `hub/cancels.py`.
            await lanes.release(self.pool, lane, lease.fence, due_at=None)
            return
        try:
            woken = await self._pass(row, lease)
        except LaneLost as lost:
            log.warning("lane.lost", lane=lane, why=str(lost))
            # If it is ours after all, nobody has to wait until the lease is over.
            await lanes.release(self.pool, lane, lease.fence, due_at=self.clock() + FIRST_RETRY)
            return
        except (Overtaken, asyncpg.TransactionRollbackError) as overtaken:
            # Of two that wait for each other's rows the database ends one: it lost nothing but its turn.
            log.warning("pass.overtaken", lane=lane, why=str(overtaken))
            await lanes.release(self.pool, lane, lease.fence, due_at=self.clock())
            return
        except BaseException:
            # Not a pass that ended, but one that could not: the database went away, or we are being stopped.
            with contextlib.suppress(Exception):
                await lanes.release(self.pool, lane, lease.fence, due_at=self.clock() + FIRST_RETRY)
            raise
        await self.wakes.now(woken)

    def _latest(self) -> datetime:
        return self.timekeeper.latest() if self.timekeeper else self.clock()

    async def _claim(self, keys: Sequence[str]) -> list[Row | None]:
        now, stride = self.clock(), 1 + self.chance.getrandbits(40)
        if self.timekeeper and not self.timekeeper.agrees():
            return [None for _ in keys]
        rows = await lanes.claim(self.pool, keys, worker=self.worker, now=now, lease=self.lease_length, stride=stride)
        # Of two who want one lane at the same moment, one gets it.
        return [rows.pop(key, None) for key in keys]

    async def _read(self, ids: Sequence[str]) -> list[Row | None]:
        found = await entities.many(self.pool, ids)
        return [found.get(id_) for id_ in ids]

    async def _close(self, endings: Sequence[Ending]) -> list[Ended]:
        return await passes.close(self.pool, endings, now=self.clock())

    async def _pass(self, row: Row, lease: Lease) -> list[str]:
        applied = await self.firms.at(row["firm_version"])
        flow = await self._flow(row, lease, applied)
        ended = await self._run(row, flow)
        await self.captures.safe()
        return await self._end(row, lease, flow, ended)

    async def _flow(self, row: Row, lease: Lease, applied: Applied) -> PassFlow:
        known = self.workflows.get(row["workflow"])
        priority = known.priority if known else Priority.NORMAL
        behalf = Behalf(row["id"], row["workflow"], row["lane"], row["correlation"], priority)
        answers = await runs.answers(self.pool, row["id"]) if row["passes"] else {}
        meant = await corrections.of_run(self.pool, row["id"]) if row["passes"] else []
        outlet = Outlet(self.pool, applied, self.captures, self.clock, behalf, lease, answers, row["first"], meant)
        if row["passes"]:
            await outlet.look_up(row["reads"])
        settler = Settler(applied, tuple(self.workflows.values()), self.ids)
        return PassFlow(outlet, settler, self.reads.one, now=self.clock(), began=row["created_at"])

    async def _run(self, row: Row, flow: PassFlow) -> Stopped:
        stopped: Interruption | None = None
        try:
            await self.workflows[row["workflow"]].run(flow, EVENTS[row["event_type"]].model_validate(row["event"]))
        except (Hold, Retry, Waiting) as error:
            stopped = error
        except (LaneLost, Overtaken, *AWAY):
            raise
        except Exception as error:
            log.exception("run.defect", run=row["id"], workflow=row["workflow"])
            return Stopped([], error)
        stops: list[tuple[PartState | None, Interruption]] = [(p, p.stopped) for p in flow.parts if p.stopped]
        return Stopped([*stops, (None, stopped)] if stopped else stops)

    async def _end(self, row: Row, lease: Lease, flow: PassFlow, ended: Stopped) -> list[str]:
        """Effects, links, entities, events, holds and the run's state: all of it, or none of it."""
        now, settled = self.clock(), Settled()
        attempt = row["attempt"] + 1 if any(isinstance(stop, Retry) for _, stop in ended.stops) else 0
        state, again = self._state(ended, attempt)
        verdict = await self._authored(flow)
        known = self.workflows.get(row["workflow"])
        end = ended.told(row, flow, state=state, attempt=attempt, gathers=bool(known and known.gathers))
        leaving = partial(
            Ending, end, lease.fence, effects=flow.outlet.done, links=list(flow.outlet.fresh.values()),
            changes=verdict.changes,
        )  # fmt: skip
        try:
            plain = not (flow.outlet.parted or flow.emitted or verdict.refusals or verdict.events)
            if plain and state == "done" and not row["passes"]:
                left = await self.endings.one(leaving(due_at=None))
            else:
                async with transaction(self.pool) as sql:
                    await lease.hold(sql)
                    await entities.unlink(sql, flow.outlet.parted)
                    await self._tell(sql, row, flow, ended, verdict=verdict, settled=settled, now=now)
                    if state != "done" and await entities.moved_on(sql, flow.versions):
                        again = timedelta()
                    elif await self._let_in_meanwhile(sql, ended):
                        again = SOON
                    awaited = None if again == timedelta() else ended.awaited()
                    due_at = None if again is None else now + (PARKED if awaited else again)
                    (left,) = await passes.close(sql, [leaving(due_at=due_at)], now=now)
                    if awaited:
                        await parking.park(sql, row, self.workflows[row["workflow"]], flow, at=awaited, now=now)
                    await flow.settler.wake(sql, settled, but=row["lane"], now=now)
        except LeaseOver as over:
            raise LaneLost(str(over)) from over
        if left.more or again == timedelta():
            settled.woken.append(row["lane"])
        return sorted({*settled.woken, *left.woken})

    async def _tell(self, sql: Sql, row: Row, flow: PassFlow, ended: Stopped, *, verdict: Verdict, settled: Settled,
                    now: datetime) -> None:  # fmt: skip
        """What the pass says beyond its effects: refusals, events, and the holds of the run as they are now."""
        await flow.settler.told(sql, verdict, settled, now=now)
        for event in flow.emitted:
            await flow.settler.publish(
                sql, event, settled, about=row["id"], now=now, correlation=row["correlation"], run=row["id"]
            )
        if ended.defect:
            await dead_letters.run(sql, row, ended.defect, now=now)
        elif row["state"] == "defect":
            await stored.close(sql, [dead_letters.of_run(row["id"])], how="went through", now=now)
        if ended.stops or ended.defect or row["passes"]:
            await holds.open_only(sql, row["id"], ended.holds(row, flow), judged=ended.judges, now=now)

    async def _authored(self, flow: PassFlow) -> Verdict:
        """What the process itself decided is a claim of the hub's, and settled like any other."""
        policy = flow.outlet.applied.policy
        claims: list[tuple[str, Claim]] = []
        for entity, said in flow.authored.values():
            fields = {name: said[name] for name in said if name != "id" and policy.owner(entity.kind, name) == HUB}
            if fields:
                claims.append((entity.id, Claim(entity.kind, entity.id, HUB, fields)))
        ids = [id_ for id_, _ in claims]
        new = not ids or (flow.outlet.first and flow.outlet.met.isdisjoint(ids))
        known = {} if new else await entities.many(self.pool, ids)
        return flow.settler.judged(claims, known)

    def _state(self, ended: Stopped, attempt: int) -> tuple[str, timedelta | None]:
        """The run's state, and after how long to look again by ourselves."""
        if ended.defect:
            return "defect", None
        stops = [stop for _, stop in ended.stops]
        # Whatever a part is held for, the others go on at their own time.
        again = min((pause for stop in stops if (pause := self._pause(stop, attempt)) is not None), default=None)
        if any(isinstance(stop, Retry) for stop in stops):
            return "retrying", again
        if any(isinstance(stop, Hold) for stop in stops):
            return "held", again
        return "waiting" if stops else "done", again

    def _pause(self, stop: Interruption, attempt: int) -> timedelta | None:
        match stop:
            case Hold():
                return None
            case Retry():
                return self._backoff(stop, attempt)
            case Waiting(until=until):
                return LOOK_AGAIN if until is None else max(until - self.clock(), timedelta())

    def _backoff(self, stop: Retry, attempt: int) -> timedelta:
        """As long as they asked for, or twice as long as last time; never all at once."""
        pause = stop.after if stop.after is not None else min(FIRST_RETRY * 2 ** min(attempt - 1, 20), LONGEST_RETRY)
        return pause * (1 + 0.2 * self.chance.random())

    async def _let_in_meanwhile(self, sql: Sql, ended: Stopped) -> bool:
        waited_for = ended.locked_out
        return bool(waited_for) and waited_for != await lockouts.still(sql, sorted(waited_for))
