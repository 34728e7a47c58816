"""Everything a charge is judged by: the firm's tables, and the projects, contracts and people as they are settled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

from throughline.core.entities import (
    Assignment,
    BillingSource,
    Contract,
    Customer,
    Entity,
    FiscalPeriod,
    FxRate,
    Project,
    Resource,
    Task,
)
from throughline.core.firm import Firm
from throughline.core.fiscal import Calendar, Periods
from throughline.core.fx import FxRates


@dataclass(frozen=True, slots=True)
class Book:
    """A firm at one moment. Nothing in it changes while lines are judged by it."""

    firm: Firm
    customers: Mapping[str, Customer]
    contracts: Mapping[str, Contract]
    projects: Mapping[str, Project]
    tasks: Mapping[str, Task]
    resources: Mapping[str, Resource]
    assignments: Mapping[tuple[str, str], tuple[Assignment, ...]]
    periods: Periods
    fx: FxRates
    # What is on invoices that are out: a month that was closed since makes none of it late.
    charged: frozenset[str] = frozenset()

    @classmethod
    def of(cls, firm: Firm, entities: Iterable[Entity], *, charged: Iterable[str] = ()) -> Self:
        known = tuple(entities)
        return cls(
            firm=firm,
            customers=_by_id(Customer, known),
            contracts=_by_id(Contract, known),
            projects=_by_id(Project, known),
            tasks=_by_id(Task, known),
            resources=_by_id(Resource, known),
            assignments=_crews(each for each in known if isinstance(each, Assignment)),
            periods=Periods.of(each for each in known if isinstance(each, FiscalPeriod)),
            fx=FxRates.of(each for each in known if isinstance(each, FxRate)),
            charged=frozenset(charged),
        )

    def period_of(self, item: str, day: date, *, legal_entity: str, source: BillingSource) -> FiscalPeriod:
        """The period a charge lands in. One that is out stays in its own, and what is late goes by policy."""
        if item in self.charged:
            return self.periods.on(day, legal_entity=legal_entity)
        return Calendar(self.firm, self.periods).booked(day, legal_entity=legal_entity, source=source)


def _by_id[E: Entity](kind: type[E], known: Iterable[Entity]) -> dict[str, E]:
    return {each.id: each for each in known if isinstance(each, kind)}


def _crews(assignments: Iterable[Assignment]) -> dict[tuple[str, str], tuple[Assignment, ...]]:
    """By project and person, in one order whatever order they came in."""
    crews: dict[tuple[str, str], list[Assignment]] = {}
    for each in sorted(assignments, key=lambda assignment: assignment.id):
        crews.setdefault((each.project, each.resource), []).append(each)
    return {key: tuple(found) for key, found in crews.items()}
