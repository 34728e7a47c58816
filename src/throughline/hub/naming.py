"""Who is who: our ids for what a system's records are, and for what they point at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from throughline.core.forms import Record, dig
from throughline.core.ids import Ids
from throughline.core.mapping import Mapping
from throughline.hub.applied import Applied, Spelled
from throughline.store import entities, known
from throughline.store.database import Sql
from throughline.store.entities import Link

type Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Named:
    """Who is who, and which of our entities this system had never told of before."""

    names: Spelled
    unheard: frozenset[str]


@dataclass(frozen=True, slots=True)
class Naming:
    """Names things inside the caller's transaction. What we never met gets an id now."""

    applied: Applied
    ids: Ids

    async def names(self, sql: Sql, system: str, mapping: Mapping, records: Sequence[Record], *, now: datetime
                    ) -> Named:  # fmt: skip
        own = {(mapping.kind, str(dig(record, mapping.key)[1])): record for record in records}
        wanted: dict[Pair, str | None] = {}
        for pair, record in own.items():
            ours = dig(record, mapping.id_field)[1] if mapping.id_field else None
            wanted[pair] = ours and str(ours)
            for pointer in mapping.refs(record):
                wanted.setdefault(pointer, None)
        found = await entities.named(sql, system, list(wanted))
        wanted |= await self._people(sql, mapping, own, found, now=now)
        new = own.keys() - found.keys()
        unmet = {pair for pair in wanted.keys() - own.keys() - found.keys() if self._will_be_met(system, pair[0])}
        for (kind, key), said in wanted.items():
            if (kind, key) not in found and (kind, key) not in unmet:
                ours = said if said and said.startswith(f"{kind}-") else None
                # Two records that both say they are this entity are twins; the second gets an id of its own.
                taken = ours and await entities.link_of(sql, ours, system, kind)
                id_ = self.ids(kind) if ours is None or taken else ours
                found[kind, key] = await entities.link(sql, Link(system, kind, key, id_), now=now)
        if unmet:
            pointing = ((pointer, found[pair]) for pair, record in own.items() for pointer in mapping.refs(record))
            await known.await_meeting(sql, system, [each for each in pointing if each[0] in unmet])
        return Named(Spelled(self.applied, found, {}), frozenset(found[pair] for pair in new))

    async def _people(self, sql: Sql, mapping: Mapping, own: dict[Pair, Record], found: dict[Pair, str], *,
                      now: datetime) -> dict[Pair, str]:  # fmt: skip
        """What the records of a kind that is known by something are called, if another system told of them before."""
        said = {pair: who for pair, record in own.items() if (who := mapping.known_as(record))}
        if not said:
            return {}
        named = {who: found.get(pair) or self.ids(mapping.kind) for pair, who in reversed(said.items())}
        told = await known.known_as(sql, mapping.kind, named, now=now)
        return {pair: told[who] for pair, who in said.items()}

    def _will_be_met(self, system: str, kind: str) -> bool:
        """Whether this system tells, sooner or later, who it means: then nobody needs a name before that."""
        read = self.applied.mapping(system, kind)
        return bool(read and read.changed and read.entity.known_by)
