"""The verbs at work: one pass through a process, with everything it reads and does remembered."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError

from throughline.core.candidates import Candidate
from throughline.core.connector import Where
from throughline.core.entities import Entity
from throughline.core.errors import Hold, Retry
from throughline.core.events import Event
from throughline.core.firm import Firm, System, Unserved
from throughline.core.mapping import Mapping
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.hub.control import Question, Waiting
from throughline.hub.finding import candidates
from throughline.hub.outlet import Outlet
from throughline.hub.settle import Settler, every
from throughline.store import entities, runs
from throughline.store.database import Row, transaction

type Interruption = Hold | Retry | Waiting


@dataclass(slots=True)
class PartState:
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

    @property
    def state(self) -> str:
        match self.stopped:
            case None:
                return "done" if self.ended else "running"
            case Hold():
                return "held"
            case Retry():
                return "retrying"
            case Waiting():
                return "waiting"


@dataclass(slots=True)
class PassFlow:
    """The Flow of one pass."""

    outlet: Outlet
    settler: Settler
    read: Callable[[str], Awaitable[Row | None]]
    now: datetime
    began: datetime
    reads: set[str] = field(default_factory=set[str])
    versions: dict[str, int] = field(default_factory=dict[str, int])
    parts: list[PartState] = field(default_factory=list[PartState])
    authored: dict[str, tuple[Entity, dict[str, Any]]] = field(default_factory=dict[str, tuple[Entity, dict[str, Any]]])
    emitted: list[Event] = field(default_factory=list[Event])
    legal_entities: set[str] = field(default_factory=set[str])
    names: set[str] = field(default_factory=set[str])
    _inside: PartState | None = None

    @property
    def firm(self) -> Firm:
        return self.outlet.applied.firm

    @property
    def today(self) -> date:
        return self.now.date()

    async def get[E: Entity](self, entity: type[E], id_: str) -> E:
        self.reads.add(id_)
        self.outlet.met.add(id_)
        row = await self.read(id_)
        if row is None:
            row = await self._fetch(entity, id_)
        self.versions[id_] = row["version"]
        if row["unread"]:
            row = await self._again(id_) or row
            self.versions[id_] = row["version"]
        if row["unread"]:
            raise Hold(
                f"{entity.kind.capitalize()} {id_} cannot be read: {'; '.join(row['unread'].values())}",
                fix="Correct it where it was entered, or add the value to the mapping; the run goes on by itself.",
            )
        try:
            return self._concerned(entity.model_validate(row["fields"]))
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise Hold(
                f"{entity.kind.capitalize()} {id_} is not complete: {wrong}",
                fix="Complete it in the system that owns it; the run goes on by itself.",
            ) from error

    async def every(self, entity: type[Entity], days: tuple[date, date] | None = None, /, **named: str) -> list[str]:
        ((field, id_),) = named.items()
        self.reads.add(every(entity.kind, field, id_))
        since, until = (each.isoformat() for each in days) if days else (None, None)
        return await entities.naming(self.outlet.pool, entity.kind, field, id_, since=since, until=until)

    async def find[E: Entity](self, entity: type[E], *, at: Role, like: E) -> list[Candidate]:
        system = self._system(at, like).name
        return await candidates(self.outlet, system, self._mapping(system, entity.kind), like)

    async def put(self, entity: Entity, *, into: Role, onto: str | None = None, only: tuple[str, ...] = ()) -> str:
        self.reads.add(self._concerned(entity).id)
        system = self._system(into, entity)
        said = entity.model_dump(mode="json", exclude_none=True)
        part = self._inside.name if self._inside else None
        key = await self.outlet.put(entity, said, system, onto=onto, only=only, part=part)
        before = self.authored.get(entity.id)
        self.authored[entity.id] = (entity, {**before[1], **said} if before else said)
        return key

    async def ask(
        self,
        name: str,
        question: str,
        *,
        choices: tuple[str, ...],
        owner: str | None = None,
        candidates: tuple[dict[str, str], ...] = (),
    ) -> str:
        answer = self.outlet.answers.get(name)
        if answer is None or answer not in choices:
            raise Question(name, question, choices=choices, owner=owner, amount=None, candidates=candidates)
        return answer

    async def wait(self, event: type[Event] | datetime, *, about: str | None = None) -> None:
        if isinstance(event, datetime):
            if self.now < event:
                raise Waiting(f"waits until {event.isoformat()}", until=event)
            return
        self.reads.add(about or "")
        if not await runs.happened(self.outlet.pool, event.type, about or "", since=self.began):
            raise Waiting(f"waits for {event.type} of {about}")

    async def emit(self, event: Event) -> None:
        self.emitted.append(event)

    @asynccontextmanager
    async def part(self, name: str, *, amount: Money | None = None) -> AsyncGenerator[PartState]:
        part = PartState(name, self.firm.policies.hold_owner(name), amount)
        outer, self._inside = self._inside, part
        self.parts.append(part)
        try:
            yield part
        except (Hold, Retry, Waiting) as stopped:
            part.stopped = stopped
        finally:
            self._inside = outer
        part.ended = True

    async def _fetch(self, entity: type[Entity], id_: str) -> Any:
        """We have heard of it and never seen it: read it where it was heard of."""
        shown: list[str] = []
        for link in await entities.links_of(self.outlet.pool, [id_]):
            connector = self.outlet.applied.connector(link.system)
            if link.kind != entity.kind or connector.find is None:
                continue
            mapping = self._mapping(link.system, entity.kind)
            await self.outlet.lease.keep_fresh()
            found = await connector.find(self.outlet.http(link.system), mapping, Where(key=link.key))
            async with transaction(self.outlet.pool) as sql:
                await self.settler.records(sql, link.system, mapping, found, now=self.now)
            if row := await self.read(id_):
                return row
            shown += [link.system for _ in found]
        if shown:
            raise Hold(
                f"{shown[0]} shows {entity.kind} {id_}, and may say nothing of it that we would believe",
                fix=f"We did not open it: bring it in, or change who owns {entity.kind} in ownership.yaml; release.",
            )
        raise Hold(
            f"Nobody knows {entity.kind} {id_}",
            fix="Find out why the system it came from does not show it any more; then release.",
        )

    async def _again(self, id_: str) -> Any:
        async with transaction(self.outlet.pool) as sql:
            await self.settler.again(sql, id_, now=self.now)
        return await self.read(id_)

    def _concerned[E: Entity](self, entity: E) -> E:
        """Whose books a run is about, and what those are called, is known from what it reads and writes."""
        if name := vars(entity).get("name"):
            self.names.add(str(name))
        if legal_entity := vars(entity).get("legal_entity"):
            self.legal_entities.add(legal_entity)
        return entity

    def _system(self, role: Role, entity: Entity) -> System:
        try:
            return self.outlet.applied.system_for(role, entity.kind, vars(entity).get("legal_entity"))
        except Unserved as error:
            raise Hold(str(error), fix="Correct the firm's folder, then release.") from error

    def _mapping(self, system: str, kind: str) -> Mapping:
        mapping = self.outlet.applied.mapping(system, kind)
        if mapping is None:
            raise Hold(f"{system} has no {kind}", fix=f"Change `serves` in systems/{system}.yaml.")
        return mapping
