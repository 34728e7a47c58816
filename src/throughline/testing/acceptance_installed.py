"""What the acceptance kit is given: a connector, a system to try it on, and what only its author knows of both."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count as counting
from typing import Any

from throughline.core.connector import Connector, Http
from throughline.core.entities import Entity
from throughline.core.forms import Names, Record
from throughline.core.mapping import Mapping
from throughline.testing.connector_samples import Mirror
from throughline.testing.connector_subject import Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A connector on a system.

    `sample` makes the nth entity, unlike all others: in a system that is not emptied between two runs, something of
    the run belongs into its id and its name. `count` says how many records of it the system has, asked past the
    connector. `wait` lets time pass over there: `asyncio.sleep`, or the lever of a simulator's clock. `names` knows
    what the sample points at and the tables it needs.
    """

    connector: Connector
    mapping: Mapping
    http: Http
    sample: Callable[[int], Entity]
    count: Callable[[Entity], Awaitable[int]]
    wait: Callable[[float], Awaitable[None]]
    names: Names = field(default_factory=Mirror)
    _numbers: Iterator[int] = field(default_factory=lambda: counting(1))

    def fresh(self) -> Entity:
        """An entity nobody has sent yet."""
        entity = self.sample(next(self._numbers))
        if entity.kind != self.mapping.kind:
            raise Broken(f"the sample is a {entity.kind}, and the mapping is of a {self.mapping.kind}")
        return entity

    def fields(self, entity: Entity) -> dict[str, Any]:
        """Of what it says, what this mapping sends."""
        said = entity.model_dump(mode="json", exclude_none=True)
        return {name: said[name] for name in sorted(self.mapping.writable() & set(said))}

    def record(self, entity: Entity) -> Record:
        around = entity.model_dump(mode="json", exclude_none=True)
        return self.mapping.write(self.fields(entity), names=self.names, around=around)
