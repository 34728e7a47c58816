"""A pretend world to test a workflow in: no database, no network, every system a table one can look into.

    world = World(firm)
    world.knows(customer)
    await world.run(my_workflow, world.wins(deal))
    assert world.steps == ["put customer into erp", ...]

A pass means here what it means in the machine: reads are fresh, a `put` sends only what was not agreed on before, a
part swallows what holds it up, answers stay, facts are published once. What the machine adds, such as the ladder of
rungs for vendors who cannot deduplicate, is tested with the machine: a pretend system has one record per id of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from throughline.core.claims import Claim
from throughline.core.entities import Entity, Opportunity, Stage
from throughline.core.errors import Hold, Retry
from throughline.core.events import Event, OpportunityWon, detect
from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.core.ownership import HUB
from throughline.core.roles import Role
from throughline.core.workflow import Workflow
from throughline.testing.passes import Died, Interruption, Link, Pass, PretendPart, Question, Waiting, Where
from throughline.testing.systems import Fields, PretendSystem

__all__ = ["Died", "OpenHold", "PretendSystem", "State", "World"]

type State = Literal["done", "held", "retrying", "waiting"]

MONDAY = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OpenHold:
    """What a person sees at the queue."""

    name: str
    part: str | None
    why: str
    fix: str
    owner: str
    amount: Money | None
    choices: tuple[str, ...]
    candidates: tuple[dict[str, str], ...]


@dataclass(slots=True)
class _Run:
    workflow: Workflow
    event: Event
    began: datetime
    state: State | None = None
    holds: list[OpenHold] = field(default_factory=list[OpenHold])
    answers: dict[str, str] = field(default_factory=dict[str, str])
    published: set[str] = field(default_factory=set[str])


class World:
    """The firm, its systems, what we know, and what was done. `firm` and `now` may be replaced between passes."""

    def __init__(self, firm: Firm, *, now: datetime = MONDAY) -> None:
        self.firm, self.now = firm, now
        self.steps: list[str] = []
        self.events: list[Event] = []
        self._systems = {system.name: PretendSystem(system.name) for system in firm.systems}
        self._known: dict[str, Fields] = {}
        self._kinds: dict[str, str] = {}
        self._links: dict[Where, Link] = {}
        self._happened: list[tuple[Event, datetime]] = []
        self._runs: dict[tuple[str, str, str], _Run] = {}
        self._dies_in: int | None = None
        self._remembering = False

    # What is so

    def knows(self, *entities: Entity) -> None:
        """These are settled: whoever owns them said so. What has changed may mean an event."""
        for entity in entities:
            self._settle(entity.kind, entity.id, entity.model_dump(mode="json"))

    def wins(self, deal: Opportunity) -> OpportunityWon:
        """The deal is won: the event its workflow starts from."""
        self.knows(deal.model_copy(update={"stage": Stage.WON}))
        return OpportunityWon(opportunity=deal.id)

    def happens(self, event: Event) -> None:
        """Somebody published this, now: a workflow may be waiting for it."""
        self.events.append(event)
        self._happened.append((event, self.now))

    def system(self, role: Role, *, legal_entity: str | None = None) -> PretendSystem:
        """The system that plays this role: look into it, or give it records."""
        return self._systems[self.firm.system_for(role, legal_entity=legal_entity).name]

    def fail(self, role: Role, error: Exception) -> None:
        """From now on this system answers with `Retry(...)`, `Hold(...)`, or whatever else it is given."""
        self.system(role).fails(error)

    def mend(self, role: Role) -> None:
        self.system(role).fails(None)

    def dies_after(self, effects: int, *, remembering: bool = False) -> None:
        """The machine dies when it has done so many more effects: the last is done, and nobody remembers it.

        The pass before it is forgotten too, as with vendors we may repeat ourselves to; or, `remembering`, each effect
        but the last was written down as it was done.
        """
        self._dies_in, self._remembering = effects, remembering

    # What is done

    async def run(self, workflow: Workflow, event: Event) -> State:
        """One pass of the run that this event starts; the same event again is the same run."""
        name = (workflow.name, workflow.lane(event), event.model_dump_json())
        run = self._runs.setdefault(name, _Run(workflow, event, began=self.now))
        run.workflow = workflow  # a process that was changed goes on as it now is
        return await self._pass(run)

    async def release(self) -> None:
        """Every run that is not done passes once more, the oldest first."""
        for run in [each for each in self._runs.values() if each.state != "done"]:
            await self._pass(run)

    def answer(self, name: str, choice: str) -> None:
        """A person chooses. The run goes on with the next pass."""
        for run in self._runs.values():
            for hold in run.holds:
                if hold.name == name and choice in hold.choices:
                    run.answers[name] = choice
                    return
        open_now = "; ".join(f"{hold.name}: {' or '.join(hold.choices)}" for hold in self.holds if hold.choices)
        raise LookupError(f"nobody asks {name!r} with a choice {choice!r}; open are: {open_now or 'no questions'}")

    @property
    def holds(self) -> list[OpenHold]:
        """The exception queue."""
        return [hold for run in self._runs.values() for hold in run.holds]

    # How a pass goes

    async def _pass(self, run: _Run) -> State:
        flow = Pass(
            firm=self.firm,
            systems=self._systems,
            known=self._known,
            kinds=self._kinds,
            happened=self._has_happened,
            answers=run.answers,
            began=run.began,
            now=self.now,
            links=dict(self._links),
            did=self._did,
        )
        stopped: Interruption | None = None
        try:
            await run.workflow.run(flow, run.event)
        except (Hold, Retry, Waiting) as error:
            stopped = error
        except Died:
            self._links = flow.links if self._remembering else self._links
            raise
        except Exception:
            # A defect. What was done before it is remembered, as in the machine; the test sees the error itself.
            self._remember(run, flow)
            raise
        self._remember(run, flow)
        stops: list[tuple[PretendPart | None, Interruption]] = [(p, p.stopped) for p in flow.parts if p.stopped]
        if stopped:
            stops.append((None, stopped))
        run.holds = [self._hold(run, part, stop) for part, stop in stops if isinstance(stop, Hold)]
        run.state = _state([stop for _, stop in stops])
        return run.state

    def _did(self, step: str) -> None:
        self.steps.append(step)
        if self._dies_in is not None:
            self._dies_in -= 1
            if self._dies_in <= 0:
                self._dies_in = None
                raise Died(f"after {step}")

    def _remember(self, run: _Run, flow: Pass) -> None:
        """The transaction at the end of a pass: links, what the workflow decided, and what it published."""
        self._links = flow.links
        policy = self.firm.policy()
        for id_, (kind, said) in flow.authored.items():
            owned = {name: value for name, value in said.items() if policy.owner(kind, name) == HUB}
            claim = Claim(kind, id_, HUB, owned)
            if accepted := policy.settle(self._known.get(id_), claim).accepted:
                self._settle(kind, id_, accepted)
        for event in flow.emitted:
            fact = f"{event.type} {event.model_dump_json()}"
            if fact not in run.published:
                run.published.add(fact)
                self.steps.append(f"emit {event.type}")
                self.happens(event)

    def _settle(self, kind: str, id_: str, fields: Mapping[str, Any]) -> None:
        before = self._known.get(id_)
        self._kinds[id_] = kind
        self._known[id_] = {**(before or {}), **fields, "id": id_}
        for event in detect(kind, before, self._known[id_]):
            self.happens(event)

    def _has_happened(self, event: type[Event], about: str, since: datetime) -> bool:
        return any(type(each) is event and each.about() == about and at >= since for each, at in self._happened)

    def _hold(self, run: _Run, part: PretendPart | None, stop: Hold) -> OpenHold:
        asked = stop if isinstance(stop, Question) else None
        return OpenHold(
            name=asked.name if asked else (part.name if part else "process"),
            part=part.name if part else None,
            why=stop.why,
            fix=stop.fix,
            owner=stop.owner or (part.owner if part else self.firm.policies.hold_owner(run.workflow.name)),
            amount=stop.amount or (part.amount if part else None),
            choices=asked.choices if asked else (),
            candidates=stop.candidates,
        )


def _state(stops: list[Interruption]) -> State:
    if any(isinstance(stop, Retry) for stop in stops):
        return "retrying"
    if any(isinstance(stop, Hold) for stop in stops):
        return "held"
    return "waiting" if stops else "done"
