"""People: what a project needs, who is put on it, and how busy they are."""

from typing import ClassVar

from throughline.core.entities.base import Day, Entity, Flag, Lasting, Spanning
from throughline.core.entities.ids import (
    AssignmentId,
    DeliveryRoleId,
    DemandId,
    ProjectId,
    ResourceId,
    TaskId,
    UtilisationId,
)
from throughline.core.money import Exact


class Resource(Spanning, Entity, frozen=True):
    """A person who can be put to work, one of ours or a subcontractor's."""

    kind: ClassVar[str] = "resource"
    known_by: ClassVar[str | None] = "email"

    id: ResourceId
    name: str
    email: str | None = None
    role: str | None = None
    region: str | None = None
    legal_entity: str | None = None
    cost_centre: str | None = None
    manager: str | None = None
    # From which day the place they have now is theirs: role, region, legal entity, cost centre and manager.
    placed_from: Day | None = None
    subcontractor: Flag | None = None
    weekly_hours: Exact | None = None
    active: Flag | None = None


class DeliveryRole(Entity, frozen=True):
    """What someone is on a project, and is charged as."""

    kind: ClassVar[str] = "delivery_role"

    id: DeliveryRoleId
    name: str
    grade: str | None = None
    service_line: str | None = None
    active: Flag | None = None


class Assignment(Spanning, Entity, frozen=True):
    """A named person put on a project for a while."""

    kind: ClassVar[str] = "assignment"

    id: AssignmentId
    project: ProjectId
    resource: ResourceId
    task: TaskId | None = None
    demand: DemandId | None = None
    role: str | None = None
    hours: Exact | None = None
    percent: Exact | None = None
    confirmed: Flag | None = None


class Demand(Spanning, Entity, frozen=True):
    """A role a project needs, before anyone is named."""

    kind: ClassVar[str] = "demand"

    id: DemandId
    project: ProjectId
    role: str
    hours: Exact | None = None
    region: str | None = None
    skills: tuple[str, ...] = ()
    filled: Flag | None = None


class Utilisation(Lasting, Entity, frozen=True):
    """How much of a person's time was worked, and billed, in a span of days."""

    kind: ClassVar[str] = "utilisation"

    id: UtilisationId
    resource: ResourceId
    capacity_hours: Exact
    worked_hours: Exact
    billable_hours: Exact
