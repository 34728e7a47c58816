"""The firm as it is applied now: its connectors, mappings, ownership and lines; a new version makes a new one."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from throughline.core.connector import Connector
from throughline.core.errors import Hold
from throughline.core.firm import Firm, Overlay, System
from throughline.core.forms import SAME, Choice, Fixed
from throughline.core.mapping import Mapping, Row
from throughline.core.ownership import Policy
from throughline.core.roles import Role
from throughline.core.tables import Ambiguous
from throughline.hub.wire import Line

type OpenLine = Callable[[System, Connector], Line]


class Lines(Dict[str, Line]):
    """A line per system, opened when it is first used: a secret that is missing stops only what needs it."""

    def __init__(self, systems: Iterable[System], open_line: Callable[[System], Line]) -> None:
        self._systems = {system.name: system for system in systems}
        self._open_line = open_line
        self._lines: dict[str, Line] = {}

    def opened(self) -> Iterable[Line]:
        """Those that are in use."""
        return self._lines.values()

    def __getitem__(self, name: str) -> Line:
        if name not in self._lines:
            self._lines[name] = self._open_line(self._systems[name])
        return self._lines[name]

    def __contains__(self, name: object) -> bool:
        return name in self._systems

    def __iter__(self) -> Iterator[str]:
        return iter(self._systems)

    def __len__(self) -> int:
        return len(self._systems)


@dataclass(frozen=True)
class Applied:
    """One version of the firm, ready to work with."""

    version: int
    firm: Firm
    connectors: Dict[str, Connector]
    lines: Lines
    _known: dict[tuple[str | None, ...], Any] = field(default_factory=dict[tuple[str | None, ...], Any])

    @cached_property
    def policy(self) -> Policy:
        return self.firm.policy()

    def system_for(self, role: Role, kind: str, legal_entity: str | None) -> System:
        return self._once(("system_for", role, kind, legal_entity), self._system_for, role, kind, legal_entity)

    def connector(self, system: str) -> Connector:
        return self._once(("connector", system), self._connector, system)

    def mapping(self, system: str, kind: str) -> Mapping | None:
        """The connector's mapping with the firm's overlay on top."""
        return self._once(("mapping", system, kind), self._mapping, system, kind)

    def writable(self, system: str, mapping: Mapping) -> frozenset[str]:
        """Our fields that can be sent to a system."""
        return self._once(("writable", system, mapping.kind), mapping.writable)

    def _system_for(self, role: Role, kind: str, legal_entity: str | None) -> System:
        return self.firm.system_for(role, kind=kind, legal_entity=legal_entity)

    def _connector(self, system: str) -> Connector:
        return self.connectors[self.firm.system(system).connector]

    def _mapping(self, system: str, kind: str) -> Mapping | None:
        mapping = self.connector(system).mapping(kind)
        overlay = self.firm.overlay(system, kind)
        return overlaid(mapping, overlay) if mapping and overlay else mapping

    def _once[**P, R](self, key: tuple[str | None, ...], work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A version never changes, so what follows from it is worked out once."""
        if key not in self._known:
            self._known[key] = work(*args, **kwargs)
        return self._known[key]

    def in_table(self, table: str, column: str, where: Dict[str, str]) -> str | None:
        try:
            return self.firm.table(table).translate(column, where)
        except Ambiguous as error:
            raise Hold(error.why, fix=error.fix) from error


def overlaid(mapping: Mapping, overlay: Overlay) -> Mapping:
    """More rows, and more choices for the rows there are."""
    rows = tuple(_with_choices(row, overlay.choices.get(row.ours, {})) for row in mapping.rows)
    more = tuple(
        Row(row.ours or "", row.theirs, SAME if row.value is None else Fixed(row.value)) for row in overlay.rows
    )
    return dataclasses.replace(mapping, rows=rows).overlaid(more)


def _with_choices(row: Row, more: Dict[str, str]) -> Row:
    if not more or not isinstance(row.form, Choice):
        return row
    return dataclasses.replace(row, form=Choice({**row.form.ours_by_theirs, **more}))


@dataclass(frozen=True, slots=True)
class Spelled:
    """Who is who between us and one system, as far as one record or one effect needs it."""

    applied: Applied
    ids: Dict[tuple[str, str], str]
    keys: Dict[tuple[str, str], str]

    def our_id(self, kind: str, key: str) -> str | None:
        return self.ids.get((kind, key))

    def their_key(self, kind: str, id_: str) -> str | None:
        return self.keys.get((kind, id_))

    def in_table(self, table: str, column: str, *, where: Dict[str, Any]) -> str | None:
        return self.applied.in_table(table, column, where)
