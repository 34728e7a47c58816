"""Runs: a lane is claimed, its oldest run passes once through its process, and what came of it is one transaction."""

import contextlib
import random
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from throughline.core import exact
from throughline.core.claims import Claim
from throughline.core.clock import Clock
from throughline.core.errors import Hold, Retry
from throughline.core.events import EVENTS
from throughline.core.ids import Ids
from throughline.core.ownership import HUB
from throughline.core.priority import Priority
from throughline.core.workflow import Workflow
from throughline.hub import dead_letters
from throughline.hub.applied import Applied
from throughline.hub.captures import Captures
from throughline.hub.control import SUPPORT, LaneLost, LockedOut, Question, Waiting
from throughline.hub.firms import Firms
from throughline.hub.flow import Interruption, PartState, PassFlow
from throughline.hub.lease import LEASE, Lease
from throughline.hub.outlet import Behalf, Outlet
from throughline.hub.settle import Settled, Settler, Verdict
from throughline.hub.together import Together
from throughline.hub.wakes import Wakes
from throughline.store import dead_letters as stored
from throughline.store import entities, holds, lanes, lockouts, passes, runs
from throughline.store.database import AWAY, Pool, Row, Sql, transaction
from throughline.store.entities import Overtaken
from throughline.store.holds import NewHold
from throughline.store.passes import Ended, Ending, LeaseOver
from throughline.store.runs import PassEnd

log = structlog.get_logger()

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=1), timedelta(minutes=5)
# An event may be published in the very moment a run begins to wait for it, and neither sees the other.
LOOK_AGAIN = timedelta(minutes=15)
# A parked lane is let go when it is its turn; should what it waits for be gone, it looks for itself.
PARKED = timedelta(hours=1)
# A system let us in again in the very moment a run began to wait for that: it is known to everybody a second later.
SOON = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a pass ended: what stopped it, the parts and all, or a defect."""

    stops: list[tuple[PartState | None, Interruption]]
    defect: Exception | None = None


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
        lease = Lease(self.pool, lane, row["fence"], self.clock, now, self.lease_length)
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
        except Overtaken as overtaken:
            log.warning("pass.overtaken", lane=lane, why=str(overtaken))
            await lanes.release(self.pool, lane, lease.fence, due_at=self.clock())
            return
        except BaseException:
            # Not a pass that ended, but one that could not: the database went away, or we are being stopped.
            with contextlib.suppress(Exception):
                await lanes.release(self.pool, lane, lease.fence, due_at=self.clock() + FIRST_RETRY)
            raise
        await self.wakes.now(woken)

    async def _claim(self, keys: Sequence[str]) -> list[Row | None]:
        now, stride = self.clock(), 1 + self.chance.getrandbits(40)
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
        first = row["first"]
        outlet = Outlet(self.pool, applied, self.captures, self.clock, behalf, lease, answers, first)
        if row["passes"]:
            await outlet.look_up(row["reads"])
        settler = Settler(applied, tuple(self.workflows.values()), self.ids)
        return PassFlow(outlet, settler, self.reads.one, now=self.clock(), began=row["created_at"])

    async def _run(self, row: Row, flow: PassFlow) -> _Ended:
        stopped: Interruption | None = None
        try:
            await self.workflows[row["workflow"]].run(flow, EVENTS[row["event_type"]].model_validate(row["event"]))
        except (Hold, Retry, Waiting) as error:
            stopped = error
        except (LaneLost, Overtaken, *AWAY):
            raise
        except Exception as error:
            log.exception("run.defect", run=row["id"], workflow=row["workflow"])
            return _Ended([], error)
        stops: list[tuple[PartState | None, Interruption]] = [(p, p.stopped) for p in flow.parts if p.stopped]
        return _Ended([*stops, (None, stopped)] if stopped else stops)

    async def _end(self, row: Row, lease: Lease, flow: PassFlow, ended: _Ended) -> list[str]:
        """Effects, links, entities, events, holds and the run's state: all of it, or none of it."""
        now, settled = self.clock(), Settled()
        attempt = row["attempt"] + 1 if any(isinstance(stop, Retry) for _, stop in ended.stops) else 0
        state, again = self._state(ended, attempt)
        verdict = await self._authored(flow)
        end = self._pass_end(row, flow, ended, state, attempt)
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
                    await entities.unlink(sql, flow.outlet.parted)
                    await self._tell(sql, row, flow, ended, verdict=verdict, settled=settled, now=now)
                    if state != "done" and await entities.moved_on(sql, flow.versions):
                        again = timedelta()
                    elif await _let_in_meanwhile(sql, ended):
                        again = SOON
                    awaited = None if again == timedelta() else self._awaited(ended)
                    due_at = None if again is None else now + (PARKED if awaited else again)
                    (left,) = await passes.close(sql, [leaving(due_at=due_at)], now=now)
                    if awaited:
                        rank = flow.outlet.behalf.priority.rank
                        await lanes.park(sql, row["lane"], at=awaited, rank=rank, since=row["created_at"], now=now)
                    await self._wake_others(sql, row["lane"], settled, now=now)
        except LeaseOver as over:
            raise LaneLost(str(over)) from over
        if left.more or again == timedelta():
            settled.woken.append(row["lane"])
        return sorted({*settled.woken, *left.woken})

    async def _tell(self, sql: Sql, row: Row, flow: PassFlow, ended: _Ended, *, verdict: Verdict, settled: Settled,
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
            await holds.open_only(sql, row["id"], self._holds(row, flow, ended), now=now)

    async def _wake_others(self, sql: Sql, lane: str, settled: Settled, *, now: datetime) -> None:
        settled.woken = sorted(set(settled.woken) - {lane})
        if settled.woken:
            await lanes.wake(sql, settled.woken, at=now)
        if settled.told:
            settled.woken += await runs.wake_concerned(sql, settled.told, but=lane, now=now)

    async def _authored(self, flow: PassFlow) -> Verdict:
        """What the process itself decided is a claim of the hub's, and settled like any other."""
        policy = flow.outlet.applied.policy
        claims: list[tuple[str, Claim]] = []
        for entity, said in flow.authored.values():
            fields = {name: said[name] for name in said if name != "id" and policy.owner(entity.kind, name) == HUB}
            if fields:
                claims.append((entity.id, Claim(entity.kind, entity.id, HUB, fields)))
        new = flow.outlet.first or not claims
        known = {} if new else await entities.many(self.pool, [id_ for id_, _ in claims])
        return flow.settler.judged(claims, known)

    def _state(self, ended: _Ended, attempt: int) -> tuple[str, timedelta | None]:
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

    def _awaited(self, ended: _Ended) -> str | None:
        """What the whole run waits for, where that is one thing: the lane is parked there until it is its turn."""
        waits = [stop for _, stop in ended.stops if not isinstance(stop, Hold)]
        awaited = {stop.awaits if isinstance(stop, Retry) else None for stop in waits}
        return awaited.pop() if len(awaited) == 1 else None

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

    def _pass_end(self, row: Row, flow: PassFlow, ended: _Ended, state: str, attempt: int) -> PassEnd:
        whys = [stop.why for _, stop in ended.stops]
        if ended.defect:
            whys = [f"{type(ended.defect).__name__}: {ended.defect}"]
        parts: list[dict[str, Any]] = [
            {"name": part.name, "state": part.state, "why": part.why, "owner": part.owner, **_worth(part)}
            for part in flow.parts
        ]
        reads = flow.reads | {stop.about for _, stop in ended.stops if isinstance(stop, LockedOut)}
        return PassEnd(row["id"], row["lane"], state, "; ".join(whys) or None, parts, sorted(reads), attempt)

    def _holds(self, row: Row, flow: PassFlow, ended: _Ended) -> list[NewHold]:
        found = [self._hold(row, flow, part, stop) for part, stop in ended.stops if isinstance(stop, Hold)]
        if ended.defect:
            why = f"{type(ended.defect).__name__}: {ended.defect}"
            fix = "This is a fault in the workflow or its data, not a decision: correct it, then release."
            defect = Hold(why, fix=fix, owner=SUPPORT)
            found.append(self._hold(row, flow, None, defect, kind="defect"))
        return found

    def _hold(self, row: Row, flow: PassFlow, part: PartState | None, stop: Hold, *, kind: str = "hold") -> NewHold:
        name = stop.name if isinstance(stop, Question) else (part.name if part else "process")
        amount = stop.amount or (part.amount if part else None)
        owner = stop.owner or (part.owner if part else None) or flow.firm.policies.hold_owner(row["workflow"])
        return NewHold(
            id=f"hold-{exact.digest(row['id'], name, row['passes'])[:10].lower()}",
            run=row["id"],
            lane=row["lane"],
            subject=row["subject"],
            part=part.name if part else None,
            name=name,
            kind=stop.kind if isinstance(stop, Question) else kind,
            why=stop.why,
            fix=stop.fix,
            owner=owner,
            amount=amount.amount if amount else None,
            currency=amount.currency if amount else None,
            choices=stop.choices if isinstance(stop, Question) else (),
            candidates=list(stop.candidates),
            correlation=row["correlation"],
        )


def _worth(part: PartState) -> dict[str, str]:
    return {"amount": str(part.amount.amount), "currency": part.amount.currency} if part.amount else {}


async def _let_in_meanwhile(sql: Sql, ended: _Ended) -> bool:
    waited_for = {stop.system for _, stop in ended.stops if isinstance(stop, LockedOut)}
    return bool(waited_for) and waited_for != await lockouts.still(sql, sorted(waited_for))
