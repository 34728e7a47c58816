"""Reading a side: what holds, what systems last said, or a measure of money, as entries that can be compared."""

from collections.abc import AsyncIterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from throughline.core.forms import dig
from throughline.core.mapping import Mapping
from throughline.core.reconciliation.breaks import Comparison, Entry
from throughline.core.reconciliation.entries import cells
from throughline.core.reconciliation.periods import is_over
from throughline.core.reconciliation.sides import Counts, Holds, Says, Side
from throughline.hub.applied import Applied, Spelled
from throughline.store import reconciliations, sides
from throughline.store.database import Row, Sql
from throughline.store.sides import Moment


class NotYet(Exception):
    """A comparison that cannot be made now; the text says why."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One comparison at one moment, by one version of the firm's folder."""

    applied: Applied
    comparison: Comparison
    now: datetime

    async def comparable(self, sql: Sql) -> Comparison:
        """Only the fields that the systems asked can tell of; one that is never polled is known by what it was sent.

        Nothing is compared with what was only read in part.
        """
        found = self.comparison.fields
        for side in (self.comparison.left, self.comparison.right):
            if isinstance(side, Says):
                for system, mapping in self._systems(side):
                    polled = bool(mapping.changed and self.applied.connector(system).changes)
                    if polled and not await reconciliations.read_whole(sql, system, side.kind):
                        raise NotYet(f"the first read of {side.kind}s in {system} is not over")
                    told = _told(mapping) if polled else mapping.writable()
                    found = tuple(field for field in found if field.root in told)
        return replace(self.comparison, fields=found)

    def entries(self, moment: Moment, side: Side, comparison: Comparison) -> AsyncIterator[Entry]:
        match side:
            case Holds():
                return self._held(moment, side, comparison)
            case Says():
                return self._said(moment, side, comparison)
            case Counts():
                return self._counted(moment, side, comparison)

    async def _held(self, moment: Moment, side: Holds, comparison: Comparison) -> AsyncIterator[Entry]:
        async for row in sides.holding(moment, side.kind, side.named_by):
            if row["fields"].get(side.known_by) is not None:
                yield row["id"], cells(comparison.fields, row["fields"])

    async def _said(self, moment: Moment, side: Says, comparison: Comparison) -> AsyncIterator[Entry]:
        for system, mapping in self._systems(side):
            async for row in sides.saying(moment, system, side.kind):
                yield _key(mapping, row), cells(comparison.fields, self._fields(system, mapping, row))

    async def _counted(self, moment: Moment, side: Counts, comparison: Comparison) -> AsyncIterator[Entry]:
        async for row in sides.counting(moment, side.measure.value):
            if row["period"] is None or self._over(row):
                said = {"amount": row["amount"], "currency": row["currency"]}
                yield row["key"], cells(comparison.fields, said)

    def _over(self, row: Row) -> bool:
        return is_over(row["period"], firm=self.applied.firm, legal_entity=row["legal_entity"], now=self.now)

    def _systems(self, side: Says) -> list[tuple[str, Mapping]]:
        """Every system of the role that has to do with the kind."""
        playing = self.applied.firm.systems_playing(side.role, kind=side.kind)
        found = [(system.name, self.applied.mapping(system.name, side.kind)) for system in playing]
        if not (known := [(name, mapping) for name, mapping in found if mapping]):
            raise NotYet(f"no {side.role.upper()} keeps {side.kind}s")
        return known

    def _fields(self, system: str, mapping: Mapping, row: Row) -> Dict[str, Any]:
        """What was agreed on, and over it what they said since. What nobody can read agrees with nothing."""
        if row["body"] is None:
            return row["sent"]
        claim = mapping.read(row["body"], system=system, names=Spelled(self.applied, {}, {}))
        return {**row["sent"], **claim.fields, **{name: f"unreadable: {why}" for name, why in claim.unread.items()}}


def _key(mapping: Mapping, row: Row) -> str:
    """What they say it is, where they keep our ids: two that say they are the same are twins, whatever we made."""
    ours = dig(row["body"] or {}, mapping.id_field)[1] if mapping.id_field else None
    return ours if isinstance(ours, str) and ours.startswith(f"{mapping.kind}-") else row["entity"]


def _told(mapping: Mapping) -> frozenset[str]:
    """Fields of ours they tell of."""
    return frozenset(row.ours for row in mapping.rows if row.ours and row.flow != "out")
