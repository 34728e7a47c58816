"""One pass of a workflow through the pretend world: the verbs, meaning what they mean in the machine."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError

from throughline.core.candidates import Candidate
from throughline.core.entities import Entity
from throughline.core.errors import Hold, Retry
from throughline.core.events import Event
from throughline.core.firm import Firm, Unserved
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.testing.systems import Fields, Held, PretendSystem, told


class Died(BaseException):
    """The machine died here: something was done, and nobody remembers it. No workflow may catch this."""


class Waiting(Exception):
    """The run goes on at a moment, or when something happens."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Question(Hold):
    """A hold that a choice answers."""

    def __init__(self, name: str, why: str, *, choices: tuple[str, ...], owner: str | None,
                 candidates: tuple[dict[str, str], ...]) -> None:  # fmt: skip
        super().__init__(why, fix=f"Choose: {' or '.join(choices)}.", owner=owner, candidates=candidates)
        self.name, self.choices = name, choices


type Interruption = Hold | Retry | Waiting


@dataclass(slots=True)
class PretendPart:
    """How a part stands after its block."""

    name: str
    owner: str
    amount: Money | None
    stopped: Interruption | None = None
    ended: bool = False

    @property
    def done(self) -> bool:
        return self.ended and self.stopped is None

    @property
    def why(self) -> str | None:
        return self.stopped.why if self.stopped else None


@dataclass(frozen=True, slots=True)
class Link:
    """Their key for an entity of ours, and what was last agreed on with them."""

    key: str
    agreed: Fields


type Where = tuple[str, str, str]
"""(system, kind, our id)"""


@dataclass(slots=True)
class Pass:
    """The Flow of one pass. `links` is this pass's own copy: what is not kept at its end was never known."""

    firm: Firm
    systems: Mapping[str, PretendSystem]
    known: Mapping[str, Fields]
    kinds: Mapping[str, str]
    happened: Callable[[type[Event], str, datetime], bool]
    answers: Mapping[str, str]
    began: datetime
    now: datetime
    links: dict[Where, Link]
    did: Callable[[str], None]
    parts: list[PretendPart] = field(default_factory=list[PretendPart])
    authored: dict[str, tuple[str, Fields]] = field(default_factory=dict[str, tuple[str, Fields]])
    emitted: list[Event] = field(default_factory=list[Event])

    @property
    def today(self) -> date:
        return self.now.date()

    async def get[E: Entity](self, entity: type[E], id_: str) -> E:
        if id_ not in self.known:
            raise Hold(
                f"Nobody knows {entity.kind} {id_}",
                fix="Find out why the system it came from does not show it any more; then release.",
            )
        try:
            return entity.model_validate(self.known[id_])
        except ValidationError as error:
            raise Hold(
                f"{entity.kind.capitalize()} {id_} is not complete: {error}",
                fix="Complete it in the system that owns it; the run goes on by itself.",
            ) from error

    async def every(self, entity: type[Entity], days: tuple[date, date] | None = None, /, **named: str) -> list[str]:
        ((field, id_),) = named.items()
        those = {each for each, kind in self.kinds.items() if kind == entity.kind}
        since, until = (each.isoformat() for each in days) if days else ("", "9999")
        return sorted(
            each
            for each, fields in self.known.items()
            if each in those and fields.get(field) == id_ and since <= str(fields.get("day", "")) <= until
        )

    async def find[E: Entity](self, entity: type[E], *, at: Role, like: E) -> list[Candidate]:
        system = self._system(at, like)
        link = self.links.get((system.name, entity.kind, like.id))
        found = system.find(like, key=link.key if link else None)
        return [Candidate(held.key, self._our_id(system, entity.kind, held), dict(held.fields)) for held in found]

    async def put(self, entity: Entity, *, into: Role, onto: str | None = None, only: tuple[str, ...] = ()) -> str:
        system = self._system(into, entity)
        link = self.links.get((system.name, entity.kind, entity.id))
        key = onto or (link.key if link else None)
        agreed = link.agreed if link and link.key == key else {}
        differing = {name: v for name, v in self._wanted(entity, system, only).items() if agreed.get(name) != v}
        if not link or link.key != key or differing:
            key = system.write(entity.kind, differing, id_=entity.id, key=key)
            self.did(f"put {entity.kind} into {into}")
            self._agree((system.name, entity.kind, entity.id), key, {**agreed, **differing})
        said = self.authored.get(entity.id, (entity.kind, {}))[1]
        self.authored[entity.id] = (entity.kind, {**said, **told(entity)})
        return key or ""

    async def ask(self, name: str, question: str, *, choices: tuple[str, ...], owner: str | None = None,
                  candidates: tuple[dict[str, str], ...] = ()) -> str:  # fmt: skip
        answer = self.answers.get(name)
        if answer is None or answer not in choices:
            raise Question(name, question, choices=choices, owner=owner, candidates=candidates)
        return answer

    async def wait(self, event: type[Event] | datetime, *, about: str | None = None) -> None:
        if isinstance(event, datetime):
            if self.now < event:
                raise Waiting(f"waits until {event.isoformat()}")
        elif not self.happened(event, about or "", self.began):
            raise Waiting(f"waits for {event.type} of {about}")

    async def emit(self, event: Event) -> None:
        self.emitted.append(event)

    @asynccontextmanager
    async def part(self, name: str, *, amount: Money | None = None) -> AsyncGenerator[PretendPart]:
        part = PretendPart(name, self.firm.policies.hold_owner(name), amount)
        self.parts.append(part)
        try:
            yield part
        except (Hold, Retry, Waiting) as stopped:
            part.stopped = stopped
        part.ended = True

    def _system(self, role: Role, entity: Entity) -> PretendSystem:
        try:
            legal_entity = getattr(entity, "legal_entity", None)
            return self.systems[self.firm.system_for(role, kind=entity.kind, legal_entity=legal_entity).name]
        except Unserved as error:
            raise Hold(str(error), fix="Correct the firm's folder, then release.") from error

    def _wanted(self, entity: Entity, system: PretendSystem, only: tuple[str, ...]) -> Fields:
        chosen: dict[str, Any] = {n: v for n, v in told(entity).items() if not only or n in only}
        return self.firm.policy().sendable(entity.kind, chosen, to=system.name)

    def _agree(self, where: Where, key: str, agreed: Fields) -> None:
        """A record that answered to another entity of ours from now on answers to this one."""
        others = [each for each, link in self.links.items() if each[:2] == where[:2] and link.key == key]
        for other in others:
            agreed = {**self.links.pop(other).agreed, **agreed}
        self.links[where] = Link(key, agreed)

    def _our_id(self, system: PretendSystem, kind: str, held: Held) -> str | None:
        linked = (
            id_ for (at, of, id_), link in self.links.items() if (at, of, link.key) == (system.name, kind, held.key)
        )
        return next(linked, held.id)
