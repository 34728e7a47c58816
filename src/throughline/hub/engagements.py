"""Engagements: what became of a won deal, told from the record of what happened."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from throughline.hub.machine import Machine
from throughline.store import captures, effects, engagements, entities, holds, journal, runs
from throughline.store.database import Row


class NoSuchEngagement(LookupError):
    """No engagement has this id, nor anything in it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened."""

    at: datetime
    system: str
    title: str
    detail: str
    state: str
    kind: str
    key: str | None = None
    took_ms: float | None = None
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Identifier:
    """One of an engagement's ids."""

    system: str
    kind: str
    id: str
    key: str


@dataclass(frozen=True, slots=True)
class Engagement:
    """One engagement, whole."""

    id: str
    deal: dict[str, Any]
    customer: dict[str, Any]
    state: str
    began: datetime
    ended: datetime | None
    runs: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    timeline: list[Moment]
    identifiers: list[Identifier]
    holds: list[dict[str, Any]]
    exchanges: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


async def listed(machine: Machine, *, before: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Newest first."""
    return [dict(row) for row in await engagements.listed(machine.pool, before=before, limit=limit)]


async def one(machine: Machine, id_: str) -> Engagement:
    """By its own id, which is the id of the deal."""
    pool = machine.pool
    its_runs = await runs.of_correlation(pool, id_)
    if not its_runs:
        raise NoSuchEngagement(f"There is no engagement {id_}.")
    done = await effects.of_runs(pool, [row["id"] for row in its_runs])
    held = await holds.of_correlation(pool, id_)
    known = await entities.many(pool, [id_])
    deal = known[id_]["fields"] if id_ in known else {}
    # A deal that stopped at the gate has not asked for its customer yet; whoever looks at it wants to know.
    known |= await entities.many(pool, [deal["customer"]]) if deal.get("customer") else {}
    customer = known.get(deal.get("customer", ""))
    # What was only read on the way, such as a company's fiscal periods, is everybody's and leads nobody here.
    its_own = {id_, *(row["entity"] for row in done), *known}
    links = await entities.links_of(pool, sorted(its_own))
    notes = await journal.about(pool, [row["id"] for row in (*held, *its_runs)])
    timeline = [
        *(_event(row) for row in await runs.events_of(pool, id_)),
        *(_effect(row) for row in done),
        *(moment for row in held for moment in _hold(row)),
        *(_note(row) for row in notes),
    ]
    return Engagement(
        id=id_,
        deal=deal,
        customer=customer["fields"] if customer else {},
        state="cancelled" if its_runs[0]["cancelled_at"] else its_runs[0]["state"],
        began=its_runs[0]["created_at"],
        ended=its_runs[0]["finished_at"],
        runs=[dict(row) for row in its_runs],
        parts=its_runs[0]["parts"],
        timeline=sorted(timeline, key=lambda moment: moment.at),
        identifiers=sorted(
            (Identifier(each.system, each.kind, each.entity, each.key) for each in links),
            key=lambda each: (each.kind, each.system, each.key),
        ),
        holds=[dict(row) for row in held],
        exchanges=[_readable(row) for row in await captures.exchanges(pool, id_)],
    )


async def behind(machine: Machine, any_id: str) -> list[str]:
    """The engagements something belongs to: any id of ours, or of any system."""
    found = await engagements.behind(machine.pool, spellings(any_id))
    if not found:
        raise NoSuchEngagement(
            f"Nothing is known under {any_id}."
            " Give an id of ours, or any system's id of a customer, deal, contract or project."
        )
    return found


def spellings(any_id: str) -> list[str]:
    """An id as somebody may have copied it: whole, or Salesforce's short form of it."""
    plain = any_id.replace("\0", "").strip()
    # A record's 18 characters are its 15 and a checksum; people copy either.
    return [plain, plain[:15]] if len(plain) == 18 else [plain]


def _event(row: Row) -> Moment:
    return Moment(row["at"], "hub", _words(row["type"]), row["subject"], "done", "event", ref=row["id"])


def _effect(row: Row) -> Moment:
    title = f"{row['kind'].replace('_', ' ').capitalize()} {'created' if row['operation'] == 'create' else 'updated'}"
    if row["state"] != "confirmed":
        title = f"{row['kind'].replace('_', ' ').capitalize()}: {row['operation']} {row['state']}"
    said = ", ".join(f"{name} {_short(value)}" for name, value in row["fields"].items())
    state = {"confirmed": "done", "rejected": "failed", "quarantined": "held"}.get(row["state"], "running")
    return Moment(
        row["at"],
        row["system"],
        title,
        row["why"] or said,
        state,
        "effect",
        row["their_key"],
        row["took_ms"],
        row["key"],
    )


def _hold(row: Row) -> list[Moment]:
    opened = Moment(row["opened_at"], "hub", f"Held: {row['why']}", row["fix"], "held", "hold", ref=row["id"])
    if row["closed_at"] is None:
        return [opened]
    return [opened, Moment(row["closed_at"], "hub", "Hold closed", row["closed_how"], "done", "hold", ref=row["id"])]


def _note(row: Row) -> Moment:
    reason = row["detail"].get("reason") or row["detail"].get("how", "")
    return Moment(row["at"], "hub", f"{row['actor']}: {row['action']}", reason, "done", "note", ref=row["object"])


def _readable(row: Row) -> dict[str, Any]:
    said = dict(row)
    for name in ("request_body", "answer_body"):
        said[name] = bytes(said[name]).decode("utf-8", "replace")
    return said


def _words(name: str) -> str:
    """`OpportunityWon` is "Opportunity won"."""
    spaced = "".join(f" {char.lower()}" if char.isupper() else char for char in name).strip()
    return spaced[:1].upper() + spaced[1:]


def _short(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"({len(value)})"
    return str(value)
