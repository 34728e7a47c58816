"""The outlet: things are done to systems here, once each, up the ladder that the vendor allows."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from throughline.core import exact
from throughline.core.claims import Claim
from throughline.core.clock import Clock
from throughline.core.connector import Http
from throughline.core.entities import Entity
from throughline.core.errors import Hold
from throughline.core.firm import System
from throughline.core.forms import Record, Unreadable
from throughline.core.mapping import Mapping, Rung
from throughline.core.ownership import HUB
from throughline.core.priority import Priority
from throughline.hub.applied import Applied, Spelled
from throughline.hub.captures import Captures
from throughline.hub.ladder import Step
from throughline.hub.lease import Lease
from throughline.hub.refusals import corrected, telling
from throughline.hub.wire import Context
from throughline.store import effects, entities
from throughline.store.corrections import Correction
from throughline.store.database import Pool, Sql
from throughline.store.effects import Effect
from throughline.store.entities import Link


@dataclass(frozen=True, slots=True)
class Behalf:
    """For whom effects are done: the run, its lane, and the engagement."""

    run: str
    workflow: str
    lane: str
    correlation: str
    priority: Priority = Priority.NORMAL


@dataclass(slots=True)
class Outlet:
    """One pass's outlet. What rung A confirmed is kept here until the pass commits it all at once.

    `first` says that nobody ever worked in this lane: what this process makes here cannot be anywhere yet, unless it
    has `met` it, that is, read it. What it points at may be anywhere: another process can have made that.
    """

    pool: Pool
    applied: Applied
    captures: Captures
    clock: Clock
    behalf: Behalf
    lease: Lease
    answers: Dict[str, str]
    first: bool
    corrections: Sequence[Correction] = ()
    done: list[Effect] = field(default_factory=list[Effect])
    links: dict[tuple[str, str, str], Link] = field(default_factory=dict[tuple[str, str, str], Link])
    context: Context = field(init=False)
    met: set[str] = field(default_factory=set[str])
    looked_up: set[str] = field(default_factory=set[str])
    fresh: dict[tuple[str, str, str], Link] = field(default_factory=dict[tuple[str, str, str], Link])
    parted: list[Link] = field(default_factory=list[Link])

    def __post_init__(self) -> None:
        whose = self.behalf
        self.context = Context(whose.correlation, whose.run, self.lease.check, whose.priority, whose.lane)

    async def put(self, entity: Entity, said: dict[str, Any], system: System, *, onto: str | None,
                  only: tuple[str, ...], part: str | None) -> str:  # fmt: skip
        """Make a system agree with what an entity says; returns their key."""
        mapping = self.applied.mapping(system.name, entity.kind)
        connector = self.applied.connector(system.name)
        if mapping is None or connector.put is None:
            raise Hold(
                f"{system.name} has no place for a {entity.kind}",
                fix=f"Change `serves` in systems/{system.name}.yaml, or install a connector that writes it.",
            )
        if self.first and entity.id not in self.met and self._is_ours(entity.kind):
            self.looked_up.add(entity.id)
        link = await self.link(entity.id, system.name, entity.kind)
        key = onto or (link.key if link else None)
        if key:
            self.refuse_twins(entity.id, system.name, entity.kind, key)
        said = corrected(said, self.corrections, of=entity.id, at=system.name)
        wanted = self._wanted(mapping, said, only, system.name)
        held = link.sent if link and link.key == key else {}
        differing = {name: value for name, value in wanted.items() if held.get(name) != value}
        if link and link.key == key and not differing:
            return link.key
        effect = self._effect(entity, mapping.rung, system=system.name, key=key, fields=differing, part=part)
        with telling(effect, said):
            record = await self._written(mapping, differing if key else wanted, said, system)
            if link and (overwritten := [name for name in differing if name in held]):
                await self._forget(link, overwritten)
            step = Step(self, effect, mapping, connector, system, record, key)
            their_key = await self.do(step)
        if step.earlier:
            return await self.put(entity, said, system, onto=onto, only=only, part=part)
        return their_key

    async def do(self, step: Step) -> str:
        """Take one effect up the ladder. A plan writes it down instead."""
        return await step.climb()

    async def there(self, entity: str, system: str, kind: str) -> Link | None:
        """The link, if they have the thing already and can be asked for it by its key."""
        return await self.link(entity, system, kind)

    async def link(self, entity: str, system: str, kind: str) -> Link | None:
        """Their key for our entity, as this pass knows it."""
        known = self.links.get((entity, system, kind))
        if known is None and entity not in self.looked_up:
            known = await entities.link_of(self.pool, entity, system, kind)
            if known:
                self.links[entity, system, kind] = known
        return known

    async def look_up(self, ids: Sequence[str]) -> None:
        """Fetch in one go what is known about entities that an earlier pass met."""
        for link in await entities.links_of(self.pool, ids):
            self.links[link.entity, link.system, link.kind] = link
        self.looked_up.update(ids)

    def _is_ours(self, kind: str) -> bool:
        """Whether such a thing is nowhere before a process of ours puts it there."""
        return self.applied.policy.owner(kind, "*") == HUB

    def http(self, system: str) -> Http:
        return self.applied.lines[system].http(self.context)

    async def read(self, system: str, mapping: Mapping, records: Sequence[Record]) -> list[Claim]:
        """What records of theirs say in our words; what they point at is known by its links, this pass's included."""
        pairs = [pair for record in records for pair in mapping.refs(record)]
        known = await entities.named(self.pool, system, pairs) if pairs else {}
        known |= {(link.kind, link.key): link.entity for link in self.links.values() if link.system == system}
        return [mapping.read(record, system=system, names=Spelled(self.applied, known, {})) for record in records]

    async def keep(self, sql: Sql) -> None:
        """Write what was confirmed since the last commit: rung A rides along with whatever commits next."""
        if self.done:
            await entities.unlink(sql, self.parted)
            await effects.confirm(sql, self.done, list(self.fresh.values()), now=self.clock())

    def kept(self) -> None:
        """The commit that `keep` was part of has happened."""
        self.done.clear()
        self.fresh.clear()
        self.parted.clear()

    def link_for(self, effect: Effect) -> Link:
        """The link an effect makes, holding everything that system is now known to hold."""
        before = self.links.get((effect.entity, effect.system, effect.kind))
        held = before.sent if before and before.key == effect.their_key else {}
        return Link(effect.system, effect.kind, effect.their_key or "", effect.entity, {**held, **effect.fields})

    def agreed(self, effect: Effect) -> None:
        """Remember it for the rest of the pass, and for its end."""
        where = (effect.entity, effect.system, effect.kind)
        self.refuse_twins(effect.entity, effect.system, effect.kind, effect.their_key)
        if (before := self.links.get(where)) and before.key != effect.their_key:
            self.parted.append(before)
        self.links[where] = self.fresh[where] = self.link_for(effect)

    def refuse_twins(self, entity: str, system: str, kind: str, key: str | None) -> None:
        """One record of theirs cannot be two things of ours: which of them it is, a person says."""
        for other in self.fresh.values():
            if (other.system, other.kind, other.key) == (system, kind, key) and other.entity != entity:
                raise Hold(
                    f"{system} has one {kind.replace('_', ' ')}, {key}, for two of ours: {other.entity} and {entity}",
                    fix="Find out which of the two it is, and correct the other where it was entered; then release.",
                )

    async def _forget(self, link: Link, names: Sequence[str]) -> None:
        """What they hold there is about to change, and until that is confirmed nobody can say what it is.

        If it stayed remembered and we died, a pass that wants the old value back would see nothing to do.
        """
        where = (link.entity, link.system, link.kind)
        left = self.links[where] = replace(link, sent={n: v for n, v in link.sent.items() if n not in names})
        if where in self.fresh:
            self.fresh[where] = left
        await entities.forget_sent(self.pool, link, names)

    def _wanted(self, mapping: Mapping, whole: dict[str, Any], only: tuple[str, ...], system: str) -> dict[str, Any]:
        writable = self.applied.writable(system, mapping)
        chosen = {n: v for n, v in whole.items() if n in writable and (not only or n in only)}
        return self.applied.policy.sendable(mapping.kind, chosen, to=system)

    async def _written(self, mapping: Mapping, fields: dict[str, Any], whole: dict[str, Any], system: System
                       ) -> dict[str, Any]:  # fmt: skip
        pointers = list(mapping.pointers(fields))
        keys = {(kind, id_): link.key for kind, id_ in pointers if (link := await self.link(id_, system.name, kind))}
        try:
            return mapping.write(fields, names=Spelled(self.applied, {}, keys), around=whole)
        except Unreadable as error:
            raise Hold(
                f"{system.name} cannot be told this {mapping.kind.replace('_', ' ')}: it {error}",
                fix="Correct the table, the mapping or the value; then release.",
            ) from error

    def _effect(self, entity: Entity, rung: Rung, *, system: str, key: str | None, fields: dict[str, Any],
                part: str | None) -> Effect:  # fmt: skip
        operation = "update" if key else "create"
        # A thing comes into being once, whatever it then looks like and whoever needs it; an update is its content.
        what = [system, operation, entity.kind, entity.id]
        done_for = [self.behalf.workflow, self.behalf.lane, fields]
        return Effect(
            key=exact.digest(*what, *(done_for if key else [])),
            run=self.behalf.run,
            part=part,
            system=system,
            kind=entity.kind,
            entity=entity.id,
            operation=operation,
            # An update names the record it changes: repeating it changes nothing more, with every vendor.
            rung=Rung.UPSERT if key else rung,
            state="planned",
            fields=fields,
        )
