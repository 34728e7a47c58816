"""A firm: everything its folder says, as one frozen value."""

import json
from collections.abc import Mapping
from datetime import time
from hashlib import sha256
from typing import Annotated, Any, overload

from pydantic import BaseModel, ConfigDict, Field, SkipValidation, StringConstraints

from throughline.core.money import Currency
from throughline.core.ownership import EVERYTHING_ELSE, Policy
from throughline.core.policies import Policies
from throughline.core.roles import Role
from throughline.core.secret_refs import SecretRef
from throughline.core.tables import Row, Table

Text = Annotated[str, StringConstraints(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", description="small letters, digits, - and _")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Unserved(LookupError):
    """No system of the firm, or more than one, plays a role here."""


class FiscalCalendar(_Part):
    """Twelve months, the first of which is this one."""

    first_month: Annotated[int, Field(ge=1, le=12)] = 1


class LegalEntity(_Part):
    """A company of the firm that signs contracts and sends invoices."""

    code: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$", description="capitals and digits, such as DE")]
    name: Text
    country: Text
    currency: Currency
    timezone: Text
    fiscal_calendar: FiscalCalendar = FiscalCalendar()
    holidays: Annotated[
        str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$", description="a country or region, DE or DE-BY")
    ]


class Serves(_Part):
    """What a system is there for; nothing said means everything."""

    entities: tuple[str, ...] = ()
    legal_entities: tuple[str, ...] = ()

    def fits(self, kind: str | None, legal_entity: str | None) -> bool:
        return (not self.entities or kind is None or kind in self.entities) and (
            not self.legal_entities or legal_entity is None or legal_entity in self.legal_entities
        )


class Window(_Part):
    """So many calls in any span of so many seconds."""

    calls: Annotated[int, Field(ge=1)]
    seconds: Annotated[int, Field(ge=1, le=86_400)]


class Limits(_Part):
    """How hard we may press a system, all workers together; what is left out is not limited.

    The day that `per_day` counts begins at `day_begins` in `day_timezone`; a day that slides is a window.
    """

    per_second: Annotated[float, Field(gt=0)] | None = None
    burst: Annotated[int, Field(ge=1)] | None = None
    concurrency: Annotated[int, Field(ge=1)] | None = None
    windows: tuple[Window, ...] = ()
    per_day: Annotated[int, Field(ge=1)] | None = None
    day_begins: time = time()
    day_timezone: Text = "UTC"


class System(_Part):
    """An installed product: what it is, the parts it plays, and how we reach it."""

    name: Name
    connector: Text
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    url: Annotated[
        str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$", description="an address such as https://example.com")
    ]
    serves: Serves = Serves()
    credentials: Mapping[str, SecretRef] = {}
    hook_secret: SecretRef | None = None
    limits: Limits = Limits()
    poll_seconds: Annotated[int, Field(ge=1)] = 60
    settings: Mapping[str, str] = {}


class OverlayRow(_Part):
    """One field more in a mapping: ours and theirs, or a constant they want to see."""

    ours: Text | None = None
    theirs: Text
    value: str | None = None


class Overlay(_Part):
    """What a firm adds to one connector's mapping of one entity."""

    system: Text
    entity: Text
    rows: tuple[OverlayRow, ...] = ()
    choices: Mapping[str, Mapping[str, str]] = {}


class Firm(_Part):
    """A firm, whole: nothing in it refers to something that is not there."""

    name: Text
    reporting_currency: Currency
    service_lines: tuple[Text, ...] = ()
    legal_entities: Annotated[tuple[LegalEntity, ...], Field(min_length=1)]
    systems: tuple[System, ...] = ()
    ownership: Mapping[str, Mapping[str, str]] = {}
    overlays: tuple[Overlay, ...] = ()
    tables: Mapping[str, SkipValidation[Table[Any]]] = {}
    policies: Policies

    def legal_entity(self, code: str) -> LegalEntity | None:
        return next((e for e in self.legal_entities if e.code == code), None)

    def system(self, name: str) -> System:
        found = next((s for s in self.systems if s.name == name), None)
        if found is None:
            raise Unserved(f"{self.name} has no system {name}; it has {', '.join(s.name for s in self.systems)}")
        return found

    def systems_playing(
        self, role: Role, *, kind: str | None = None, legal_entity: str | None = None
    ) -> tuple[System, ...]:
        return tuple(s for s in self.systems if role in s.roles and s.serves.fits(kind, legal_entity))

    def system_for(self, role: Role, *, kind: str | None = None, legal_entity: str | None = None) -> System:
        """The one system that plays this role, here and for this entity."""
        found = self.systems_playing(role, kind=kind, legal_entity=legal_entity)
        if len(found) != 1:
            where = f" for {kind or 'any entity'} in {legal_entity or 'any legal entity'}"
            names = ", ".join(s.name for s in found) or "none"
            raise Unserved(f"one system must play {role}{where}, and there is: {names}. Correct `serves` in systems/.")
        return found[0]

    def overlay(self, system: str, kind: str) -> Overlay | None:
        return next((o for o in self.overlays if (o.system, o.entity) == (system, kind)), None)

    def policy(self, *, legal_entity: str | None = None) -> Policy:
        """Who owns what, with every role replaced by the system that plays it."""
        return Policy(
            {
                kind: {field: self._resolve(owner, kind, legal_entity) for field, owner in fields.items()}
                for kind, fields in self.ownership.items()
            }
        )

    def owner(self, kind: str, field: str) -> str | None:
        """The owner as the firm wrote it: a role, a system, or the hub."""
        fields = self.ownership.get(kind, {})
        return fields.get(field, fields.get(EVERYTHING_ELSE))

    @overload
    def table[R: Row](self, which: type[R], /) -> Table[R]: ...
    @overload
    def table(self, which: str, /) -> Table[Any]: ...
    def table(self, which: str | type[Row], /) -> Table[Any]:
        """A table by its row class or its name; one that was not written is empty when we know it."""
        if not isinstance(which, str):
            return self.tables.get(which.table) or Table.of(which)
        if which not in self.tables:
            raise LookupError(f"{self.name} has no table {which}: add tables/{which}.csv to its folder")
        return self.tables[which]

    @property
    def digest(self) -> str:
        """The same for two folders that say the same, however their files are laid out."""
        said = self.model_dump(mode="json", exclude={"tables"})
        said["tables"] = {name: _canonical(table) for name, table in self.tables.items()}
        return sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def _resolve(self, owner: str, kind: str, legal_entity: str | None) -> str:
        if owner not in {role.value for role in Role}:
            return owner
        return self.system_for(Role(owner), kind=kind, legal_entity=legal_entity).name


def _canonical(table: Table[Any]) -> list[Any]:
    rows = [[table.conditions, row.model_dump(mode="json", exclude={"place"})] for row in table.rows]
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
