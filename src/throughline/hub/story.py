"""Story: an engagement told in beats, oldest first, with what was said on the wire beside each."""

import json
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from throughline.hub.engagements import Engagement, one
from throughline.hub.machine import Machine
from throughline.hub.telling import BURSTS, about, title_of, title_of_message, told, words
from throughline.store import effects, journal, runs
from throughline.store.database import Row

# What one process does to one kind of thing without a pause is one beat: "8 tasks created".
BURST = timedelta(seconds=10)
HUB = "hub"
QUIET = {"fine", "absent"}
EXCERPT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One thing that happened, or a burst of like things. `began` differs from `at` only for a burst."""

    key: str
    kind: str
    at: datetime
    began: datetime
    system: str
    role: str
    title: str
    detail: str
    state: str
    count: int = 1
    id: str | None = None
    took_ms: float | None = None
    request: str = ""
    response: str = ""
    entity: str = ""
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """An engagement, its beats, and the fields that were agreed on for each kind."""

    engagement: Engagement
    beats: tuple[Beat, ...]
    agreed: dict[str, dict[str, Any]]


async def of(machine: Machine, id_: str) -> Story:
    """The engagement of this id, told."""
    engagement = await one(machine, id_)
    pool = machine.pool
    done = await effects.of_runs(pool, [run["id"] for run in engagement.runs])
    happened = await runs.events_of(pool, id_)
    notes = await journal.about(pool, [each["id"] for each in (*engagement.holds, *engagement.runs)])
    firm = (await machine.firms.current()).firm
    roles = {system.name: system.roles[0].value for system in firm.systems}
    beats = [
        *(_event(row, engagement, roles) for row in happened),
        *_effects([dict(row) for row in done], engagement, roles),
        *(_trouble(row, roles) for row in engagement.exchanges if row["outcome"] not in QUIET),
        *(beat for row in engagement.holds for beat in _hold(row)),
        *(_note(row) for row in notes),
    ]
    agreed = {
        row["kind"]: row["fields"] for row in done if row["state"] == "confirmed" and row["operation"] == "create"
    }
    return Story(engagement, tuple(sorted(beats, key=lambda beat: (beat.at, beat.kind != "event"))), agreed)


def _event(row: Row, engagement: Engagement, roles: Dict[str, str]) -> Beat:
    won = row["type"] == "OpportunityWon"
    system = next((name for name, role in roles.items() if role == "crm"), HUB) if won else HUB
    return Beat(
        key=row["id"],
        kind="event",
        at=row["at"],
        began=row["at"],
        system=system,
        role=roles.get(system, HUB),
        title=words(row["type"]),
        detail=about(engagement.deal) if won else told(row["type"], row["fields"]),
        state="done",
        entity=row["type"],
    )


def _effects(rows: list[dict[str, Any]], engagement: Engagement, roles: Dict[str, str]) -> list[Beat]:
    """One beat for each effect, at the moment it was sent; then bursts are drawn together."""
    unused = [each for each in engagement.exchanges if each["direction"] == "out" and each["method"] != "GET"]
    beats: list[Beat] = []
    for row in rows:
        said = _said(row, unused)
        if said:
            unused.remove(said)
        beats.append(_effect(row, said, roles))
    return _together(sorted(beats, key=lambda beat: beat.at))


def _effect(row: dict[str, Any], said: dict[str, Any] | None, roles: Dict[str, str]) -> Beat:
    at = said["at"] if said else row["at"]
    return Beat(
        key=row["key"],
        kind="effect",
        at=at,
        began=at,
        system=row["system"],
        role=roles.get(row["system"], HUB),
        title=_title(row),
        detail=row["why"] or told(row["kind"], row["fields"]),
        state={"confirmed": "done", "rejected": "failed", "quarantined": "held"}.get(row["state"], "running"),
        id=row["their_key"],
        took_ms=row["took_ms"],
        request=_request(said) if said else "",
        response=_response(said) if said else "",
        entity=row["kind"],
        part=row["part"],
    )


def _title(row: dict[str, Any]) -> str:
    if row["kind"] == "message":
        return title_of_message(row["entity"], row["operation"], row["state"])
    return title_of(row["kind"], row["operation"], row["state"])


def _said(effect: dict[str, Any], exchanges: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The exchange an effect was sent in: the first to its system that names our thing or theirs, and what was sent."""
    ours, theirs = effect["entity"], (effect["their_key"] or "").rsplit(":", 1)[-1]
    values = [str(value) for value in effect["fields"].values() if isinstance(value, str)]
    found = [
        each
        for each in exchanges
        if each["system"] == effect["system"]
        and (
            f'"{ours}"' in each["request_body"]
            or each["url"].endswith((f":{ours}", f"/{theirs}"))
            or f'"{theirs}"' in each["answer_body"]
        )
    ]
    return max(
        found, key=lambda each: (sum(value in each["request_body"] for value in values), -each["id"]), default=None
    )


def _together(beats: list[Beat]) -> list[Beat]:
    kept: list[Beat] = []
    for beat in beats:
        like = next((n for n, other in enumerate(kept) if _same_burst(other, beat)), None)
        if like is None:
            kept.append(beat)
        else:
            kept[like] = _joined(kept[like], beat)
    return [
        replace(beat, title=title_of(beat.entity, "burst", str(beat.count))) if beat.count > 1 else beat
        for beat in kept
    ]


def _same_burst(first: Beat, second: Beat) -> bool:
    alike = (first.system, first.entity, first.state) == (second.system, second.entity, second.state)
    return alike and first.entity in BURSTS and second.at - first.at <= BURST


def _joined(first: Beat, second: Beat) -> Beat:
    detail = f"{first.detail}, {second.detail}" if second.detail not in first.detail.split(", ") else first.detail
    return replace(
        first,
        at=second.at,
        count=first.count + 1,
        detail=detail,
        id=first.id if first.id == second.id else None,
        took_ms=(first.took_ms or 0) + (second.took_ms or 0),
        request=_clipped(f"{first.request}\n\n{second.request}"),
        response=_clipped(f"{first.response}\n\n{second.response}"),
    )


def _trouble(row: dict[str, Any], roles: Dict[str, str]) -> Beat:
    title = {
        "throttled": "Asked to slow down",
        "expired": "Credentials not accepted",
        "refused": "Refused",
        "unwell": "Unwell",
        "unknown": "No answer",
        "notsent": "Not reached",
    }.get(row["outcome"], words(row["outcome"]))
    return Beat(
        key=f"exchange-{row['id']}",
        kind="exchange",
        at=row["at"],
        began=row["at"],
        system=row["system"],
        role=roles.get(row["system"], HUB),
        title=title,
        detail=f"{row['method']} {path_of(row['url'])} was answered {row['status'] or 'not at all'}.",
        state="waiting" if row["outcome"] in {"throttled", "expired", "notsent"} else "failed",
        took_ms=row["took_ms"],
        request=_request(row),
        response=_response(row),
        entity=row["outcome"],
    )


def _hold(row: dict[str, Any]) -> list[Beat]:
    opened = Beat(
        key=row["id"],
        kind="hold",
        at=row["opened_at"],
        began=row["opened_at"],
        system=HUB,
        role=HUB,
        title=f"{words(row['part'] or row['name'])} held",
        detail=f"{row['why']} {row['owner']} decides.",
        state="held" if row["state"] == "open" else "done",
        id=row["id"],
        entity="hold",
        part=row["part"],
    )
    if row["closed_at"] is None:
        return [opened]
    how = row["closed_how"] or "closed"
    closed = replace(
        opened,
        key=f"{row['id']}-closed",
        at=row["closed_at"],
        began=row["closed_at"],
        title="Hold closed",
        detail=f"{how[:1].upper()}{how[1:]}.",
        state="done",
        entity="closed",
    )
    return [opened, closed]


def _note(row: Row) -> Beat:
    detail = row["detail"]
    return Beat(
        key=f"note-{row['seq']}",
        kind="note",
        at=row["at"],
        began=row["at"],
        system=HUB,
        role=HUB,
        title=f"{row['actor']}: {detail.get('how') or row['action']}",
        detail=detail.get("reason") or detail.get("text") or "No reason was given.",
        state="done",
        id=row["object"],
        entity="note",
    )


def path_of(url: str) -> str:
    """A URL without its host, which the system's name already says."""
    rest = url.split("://", 1)[-1]
    return f"/{rest.split('/', 1)[1]}" if "/" in rest else rest


def _request(row: dict[str, Any]) -> str:
    return _clipped(f"{row['method']} {path_of(row['url'])}\n{_laid_out(row['request_body'])}".strip())


def _response(row: dict[str, Any]) -> str:
    return _clipped(f"{row['status'] or 'No answer'}\n{_laid_out(row['answer_body'])}".strip())


def _laid_out(body: str) -> str:
    """JSON as people read it; anything else, and what was cut short, as it is."""
    try:
        return json.dumps(json.loads(body, parse_float=str), indent=2, ensure_ascii=False) if body else ""
    except ValueError:
        return body


def _clipped(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}\n..."
