"""Origins: for each field of an engagement's things, why it has the value it has."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from throughline.core.firm import Firm
from throughline.core.ownership import EVERYTHING_ELSE
from throughline.hub.engagements import Engagement
from throughline.hub.machine import Machine
from throughline.store import origins
from throughline.store.database import Row

# Of these there are many, and what they hold was decided for the project they belong to.
SMALL = frozenset({"task", "demand", "handoff", "message"})
MOST = 40

type Said = tuple[str, str, datetime]


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that another system gave, and that was not believed."""

    system: str
    value: Any
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One field: who said it, when, in which exchange, which line of the policy decided, and what was refused.

    `system` is "" and `at` None for what nobody said; `unread` is why a newer value could not be read.
    """

    field: str
    value: Any
    system: str
    at: datetime | None
    capture: int | None
    rule: str
    owner: str
    refused: tuple[Refused, ...]
    unread: str


@dataclass(frozen=True, slots=True)
class Thing:
    """One entity, and why it is as it is."""

    id: str
    kind: str
    version: int
    keys: dict[str, str]
    fields: tuple[Origin, ...]


async def of(machine: Machine, engagement: Engagement) -> tuple[Thing, ...]:
    """The deal's own first, then its customer, then what was made of it."""
    first = [engagement.id, engagement.deal.get("customer") or engagement.id]
    others = [each.id for each in engagement.identifiers if each.kind not in SMALL]
    ids = list(dict.fromkeys([*first, *others]))[:MOST]
    firm = (await machine.firms.current()).firm
    rows = {row["id"]: row for row in await origins.things(machine.pool, ids)}
    refused = await origins.refused(machine.pool, ids)
    found = await origins.exchanges(machine.pool, sorted({each for row in rows.values() for each in _said(row)}))
    return tuple(_thing(rows[id_], firm, refused, found) for id_ in ids if id_ in rows)


def _said(row: Row) -> Iterable[Said]:
    """Who told of this entity, under which key, at which moments."""
    for told in row["provenance"].values():
        if key := row["keys"].get(told["source"]):
            yield told["source"], key, datetime.fromisoformat(told["at"])


def _thing(row: Row, firm: Firm, refused: Iterable[Row], found: dict[Said, int]) -> Thing:
    names = [name for name in row["fields"] if name not in {"id", "kind"}]
    names += [name for name in row["unread"] if name not in names]
    mine = [each for each in refused if each["entity"] == row["id"]]
    names += sorted({each["field"] for each in mine} - {*names})
    return Thing(
        row["id"], row["kind"], row["version"], row["keys"],
        tuple(_origin(name, row, firm, [each for each in mine if each["field"] == name], found) for name in names),
    )  # fmt: skip


def _origin(name: str, row: Row, firm: Firm, refused: list[Row], found: dict[Said, int]) -> Origin:
    told = row["provenance"].get(name)
    system, at = (told["source"], datetime.fromisoformat(told["at"])) if told else ("", None)
    key = row["keys"].get(system)
    return Origin(
        field=name,
        value=row["fields"].get(name),
        system=system,
        at=at,
        capture=found.get((system, key, at)) if key and at else None,
        rule=rule(firm, row["kind"], name),
        owner=firm.policy().owner(row["kind"], name) or "",
        refused=tuple(Refused(each["system"], each["value"], each["at"]) for each in refused),
        unread=row["unread"].get(name, ""),
    )


def rule(firm: Firm, kind: str, field: str) -> str:
    """The line of `ownership.yaml` that decides about a field, as the firm wrote it; "" when there is none."""
    written = firm.ownership.get(kind, {})
    line = field if field in written else EVERYTHING_ELSE
    return f"{kind}: {line}: {written[line]}" if line in written else ""
