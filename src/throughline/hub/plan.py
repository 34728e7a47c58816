"""Plan mode: a pass with an outlet that writes down what it would send. Nothing is sent, and nothing is kept.

Systems are asked as in a real pass, for what a process does depends on what they hold. Whatever a plan writes while it
thinks is undone at its end: it works on one connection, inside a transaction that is never committed.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, cast, override

from throughline.core.errors import Hold, Retry
from throughline.core.events import EVENTS, Event
from throughline.core.masking import masked
from throughline.core.money import Money, total
from throughline.core.workflow import Workflow
from throughline.hub import engagements
from throughline.hub.applied import Applied
from throughline.hub.control import Question, Waiting
from throughline.hub.flow import Interruption, PassFlow
from throughline.hub.ladder import Step
from throughline.hub.lease import Lease
from throughline.hub.machine import Machine
from throughline.hub.outlet import Behalf, Outlet
from throughline.hub.settle import Settler
from throughline.store import corrections, effects, entities, runs
from throughline.store.database import Pool, Row
from throughline.store.effects import Effect
from throughline.store.entities import Link
from throughline.store.seen_by import EVERYTHING, hidden_here, seeing

NEW = "(new)"
IN_DOUBT = ("intent", "sent", "unknown", "settling", "probed", "quarantined")
# Where an entity says what it is worth; a contract says it line by line.
WORTH = ("total", "amount", "budget", "value")


@dataclass(frozen=True, slots=True)
class Planned:
    """One effect that would be done. `in_doubt`: it may have been done before, and would be looked up first."""

    system: str
    kind: str
    entity: str
    operation: str
    fields: dict[str, Any]
    amount: Money | None
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What one run would do now, and what would keep it from doing more."""

    run: str
    workflow: str
    subject: str
    effects: tuple[Planned, ...]
    events: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    defect: str | None = None
    assumed: tuple[str, ...] = ()
    unwell: tuple[str, ...] = ()
    """Of what stops it, what a system that does not answer is the reason of: nobody can say what is behind it."""


@dataclass(slots=True)
class PlanOutlet(Outlet):
    """Agrees with every effect as if it had been confirmed, and remembers it."""

    planned: list[Planned] = field(default_factory=list[Planned])

    @override
    async def do(self, step: Step) -> str:
        before = await effects.one(self.pool, step.effect.key) if step.key is None else None
        if before and before["state"] == "confirmed":
            step.earlier = True
            self.agreed(replace(step.effect, fields=before["fields"], their_key=before["their_key"]))
            return before["their_key"]
        self.planned.append(_planned(step.effect, in_doubt=bool(before and before["state"] in IN_DOUBT)))
        their_key = step.key or f"{NEW} {step.effect.entity}"
        self.agreed(replace(step.effect, their_key=their_key))
        return their_key

    @override
    async def there(self, entity: str, system: str, kind: str) -> Link | None:
        link = await self.link(entity, system, kind)
        return None if link is None or link.key.startswith(NEW) else link


class _NoLease(Lease):
    """A plan holds no lane: it sends nothing and commits nothing, so nobody has to wait for it."""

    @override
    def check(self) -> None:
        return

    @override
    async def keep_fresh(self) -> None:
        return


@dataclass(slots=True)
class ForeseeingFlow(PassFlow):
    """Goes on as if everybody had agreed, and whatever is waited for had come; and says what it took for granted."""

    assumed: list[str] = field(default_factory=list[str])

    @override
    async def ask(self, name: str, question: str, *, choices: tuple[str, ...], owner: str | None = None,
                  candidates: tuple[dict[str, str], ...] = ()) -> str:  # fmt: skip
        try:
            return await PassFlow.ask(self, name, question, choices=choices, owner=owner, candidates=candidates)
        except Question:
            self.assumed.append(f"{name}: {choices[0]}")
            return choices[0]

    @override
    async def wait(self, event: type[Event] | datetime, *, about: str | None = None) -> None:
        try:
            await PassFlow.wait(self, event, about=about)
        except Waiting as waiting:
            self.assumed.append(waiting.why)


async def foreseen(machine: Machine, any_id: str) -> list[Preview]:
    """What every run behind an id would do, from its first effect to its last, before anybody has agreed to it."""
    found = [row] if (row := await runs.one(machine.pool, any_id)) else await _behind(machine, any_id)
    applied, live = await machine.firms.current(), [row for row in found if not row["cancel"]]
    hidden = hidden_here()
    # Which runs there are, only who may see them is told. What one would do, the machine works out with all it knows.
    with seeing(EVERYTHING):
        async with scratch(machine.pool) as pool:
            told = [await of_row(machine, row, pool, applied, flow=ForeseeingFlow) for row in live]
    return told if hidden is None else [_without(each, hidden) for each in told]


def _without(told: Preview, hidden: frozenset[str]) -> Preview:
    effects_ = tuple(replace(each, fields=masked(each.fields, hidden)) for each in told.effects)
    return replace(told, effects=effects_)


async def _behind(machine: Machine, any_id: str) -> list[Row]:
    return [
        row
        for engagement in await engagements.behind(machine, any_id)
        for row in await runs.of_correlation(machine.pool, engagement)
    ]


async def of_run(machine: Machine, id_: str, *, applied: Applied | None = None) -> Preview:
    """What a run would do if it passed now; with `applied`, under another version of the firm's folder."""
    async with scratch(machine.pool) as pool:
        row = await runs.one(pool, id_)
        if row is None:
            raise LookupError(f"There is no run {id_}.")
        if row["cancel"]:
            return _preview(row, None, ("it was cancelled",), defect=None)
        return await of_row(machine, row, pool, applied or await machine.firms.current())


async def of_lanes(machine: Machine, pool: Pool, lanes: Sequence[str], applied: Applied) -> list[Preview]:
    """What the runs would do that are next in these lanes: those too that were begun inside this plan."""
    return [await of_row(machine, row, pool, applied) for row in await runs.next_in(pool, lanes)]


async def of_row(
    machine: Machine, row: Row, pool: Pool, applied: Applied, *, flow: type[PassFlow] = PassFlow
) -> Preview:
    """One pass of a run as the database, seen through `pool`, says it stands."""
    workflow = {each.name: each for each in machine.everything}.get(row["workflow"])
    if workflow is None:
        return _preview(row, None, (), defect=f"no workflow {row['workflow']} is installed")
    passing = await _flow(machine, row, pool, applied, kind=flow)
    stops, defect = await _run(workflow, row, passing)
    return _preview(row, passing, tuple(each.why for each in stops), defect=defect, unwell=_unwell(stops))


async def of_event(machine: Machine, event: Event) -> list[Preview]:
    """What would be done, from the first effect to the last, if this happened now."""
    applied = await machine.firms.current()
    started = [each for each in machine.workflows if each.starts_with(type(event))]
    async with scratch(machine.pool) as pool:
        rows = [_as_if(each, event, machine.clock()) for each in started]
        return [await of_row(machine, row, pool, applied, flow=ForeseeingFlow) for row in rows]


def _as_if(workflow: Workflow, event: Event, now: datetime) -> Row:
    """The run there would be."""
    about = event.about()
    named = {"id": f"if-{about}", "workflow": workflow.name, "lane": f"{workflow.name}:{workflow.lane(event)}"}
    happened = {"event_type": event.type, "event": event.model_dump(mode="json"), "subject": about}
    return cast(Row, {**named, **happened, "correlation": about, "created_at": now, "cancel": None})


@asynccontextmanager
async def scratch(pool: Pool) -> AsyncGenerator[Pool]:
    """A pool of one connection, in a transaction that is undone at the end."""
    async with pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        try:
            # A plan would rather fail than make somebody wait who has something to do.
            await connection.execute("set local lock_timeout = '2s'")
            yield cast(Pool, _Scratch(connection))
        finally:
            await undone.rollback()


class _Scratch:
    """Looks like a pool; its transactions are savepoints of the one that is undone."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.fetch, self.fetchrow = connection.fetch, connection.fetchrow
        self.fetchval, self.execute = connection.fetchval, connection.execute

    def acquire(self) -> AbstractAsyncContextManager[Any]:
        return self._lent()

    @asynccontextmanager
    async def _lent(self) -> AsyncGenerator[Any]:
        yield self._connection


async def _flow(
    machine: Machine, row: Row, pool: Pool, applied: Applied, *, kind: type[PassFlow] = PassFlow
) -> PassFlow:
    behalf = Behalf(row["id"], row["workflow"], row["lane"], row["correlation"])
    now = machine.clock()
    lease = _NoLease(pool, row["lane"], 0, machine.clock, now)
    answers = await runs.answers(pool, row["id"])
    meant = await corrections.of_run(pool, row["id"])
    outlet = PlanOutlet(
        pool, applied, machine.captures, machine.clock, behalf, lease, answers, first=False, corrections=meant
    )
    settler = Settler(applied, machine.workflows, machine.ids)
    return kind(outlet, settler, partial(_read, pool), now=now, began=row["created_at"])


async def _read(pool: Pool, id_: str) -> Row | None:
    return (await entities.many(pool, [id_])).get(id_)


async def _run(workflow: Workflow, row: Row, flow: PassFlow) -> tuple[tuple[Interruption, ...], str | None]:
    """What would stop it, and whether that is a defect."""
    stopped: tuple[Interruption, ...] = ()
    try:
        await workflow.run(flow, EVENTS[row["event_type"]].model_validate(row["event"]))
    except (Hold, Retry, Waiting) as error:
        stopped = (error,)
    except Exception as error:  # noqa: BLE001 - as in the run loop: whatever a process raises is a defect of that run
        return (), f"{type(error).__name__}: {error}"
    return (*(part.stopped for part in flow.parts if part.stopped), *stopped), None


def _unwell(stops: Sequence[Interruption]) -> tuple[str, ...]:
    return tuple(each.why for each in stops if isinstance(each, Retry))


def _preview(
    row: Row, flow: PassFlow | None, stops: tuple[str, ...], *, defect: str | None, unwell: tuple[str, ...] = ()
) -> Preview:
    done = cast(PlanOutlet, flow.outlet).planned if flow else []
    told = tuple(each.type for each in flow.emitted) if flow else ()
    assumed = tuple(flow.assumed) if isinstance(flow, ForeseeingFlow) else ()
    return Preview(row["id"], row["workflow"], row["subject"], tuple(done), told, stops, defect, assumed, unwell)


def _planned(effect: Effect, *, in_doubt: bool) -> Planned:
    what = (effect.system, effect.kind, effect.entity, effect.operation, effect.fields)
    return Planned(*what, worth_of(effect.fields), in_doubt)


def worth_of(fields: dict[str, Any]) -> Money | None:
    """What the fields say the thing is worth: one amount, or the sum of its lines."""
    if said := next((fields[name] for name in WORTH if _is_money(fields.get(name))), None):
        return Money.model_validate(said)
    lines = [
        Money.model_validate(line["amount"]) for line in fields.get("lines") or () if _is_money(line.get("amount"))
    ]
    return total(lines, lines[0].currency) if lines else None


def _is_money(said: Any) -> bool:
    return isinstance(said, dict) and said.keys() == {"amount", "currency"}
