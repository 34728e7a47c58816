"""From records to the truth: claims are read, settled field by field, and what they mean is started, all in one go."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog

from throughline.core import exact
from throughline.core.claims import Claim
from throughline.core.events import Event, detect
from throughline.core.forms import Record, dig
from throughline.core.ids import Ids
from throughline.core.mapping import Mapping
from throughline.core.records import Unreadable, moment
from throughline.core.workflow import Workflow
from throughline.hub.applied import Applied, Spelled
from throughline.store import entities, lanes, runs
from throughline.store.database import Row, Sql
from throughline.store.entities import Change, Link, Refusal
from throughline.store.runs import NewEvent, NewRun

log = structlog.get_logger()


@dataclass(slots=True)
class Settled:
    """What came of it: entities that changed, or have an event told of them, lanes to wake, and how many repeats.

    `listed` is what somebody may have asked for all of, and has changed; a run that is `joining` begins only where none
    is under way.
    """

    changed: list[str] = field(default_factory=list[str])
    told: list[str] = field(default_factory=list[str])
    listed: list[str] = field(default_factory=list[str])
    woken: list[str] = field(default_factory=list[str])
    joining: list[NewRun] = field(default_factory=list[NewRun])
    repeats: int = 0
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What of some claims is believed, what is not, and what it means."""

    changes: list[Change]
    refusals: list[Refusal]
    events: list[tuple[Event, str]]


@dataclass(frozen=True, slots=True)
class Settler:
    """The four arrows of the pipeline, with their transaction around them."""

    applied: Applied
    workflows: tuple[Workflow, ...]
    ids: Ids

    async def records(self, sql: Sql, system: str, mapping: Mapping, records: Sequence[Record], *, now: datetime,
                      quiet: bool = False) -> Settled:  # fmt: skip
        """Take in records of one kind, oldest first, inside the caller's transaction. `quiet` starts nothing."""
        settled = Settled(quiet=quiet)
        latest = _latest(mapping, records)
        bodies = {key: (exact.digest(latest[key]), latest[key]) for key in sorted(latest)}
        new = await entities.seen(sql, system, mapping.kind, bodies, changed=mapping.changed, now=now)
        settled.repeats = len(records) - len(new)
        fresh = [record for key, record in latest.items() if key in new]
        names = await self._names(sql, system, mapping, fresh, now=now)
        claims = [mapping.read(record, system=system, names=names) for record in fresh]
        await self.claims(sql, [(names.ids[each.kind, each.key], each) for each in claims], settled, now=now)
        await self.wake(sql, settled, now=now)
        return settled

    async def read_again(self, sql: Sql, system: str, mapping: Mapping, records: Sequence[Record], *, now: datetime
                         ) -> list[str]:  # fmt: skip
        """What was taken in before says nothing new, and yet the mapping may read it otherwise. Lanes to wake."""
        keys = sorted({str(key) for record in records if (key := dig(record, mapping.key)[1]) not in (None, "")})
        ours = await entities.named(sql, system, [(mapping.kind, key) for key in keys])
        woken: list[str] = []
        for id_ in sorted(set(ours.values())):
            woken += (await self.again(sql, id_, now=now)).woken
        return woken

    async def again(self, sql: Sql, id_: str, *, now: datetime) -> Settled:
        """Read what the systems last said about an entity once more: the mapping may have learnt a value since."""
        settled = Settled()
        for link in await entities.links_of(sql, [id_]):
            mapping = self.applied.mapping(link.system, link.kind)
            record = await entities.record(sql, link.system, link.kind, link.key) if mapping else None
            if mapping and record:
                names = await self._names(sql, link.system, mapping, [record], now=now)
                await self.claims(sql, [(id_, mapping.read(record, system=link.system, names=names))], settled, now=now)
        await self.wake(sql, settled, now=now)
        return settled

    async def claims(self, sql: Sql, claims: Sequence[tuple[str, Claim]], settled: Settled, *, now: datetime) -> None:
        """Settle claims against what is known; publish and start what the changes mean."""
        if not claims:
            return
        known = await entities.locked(sql, [id_ for id_, _ in claims])
        verdict = self.judged(claims, known, quiet=settled.quiet)
        await self.told(sql, verdict, settled, now=now)
        if verdict.changes:
            await entities.change(sql, verdict.changes, now=now)
            settled.changed.extend(each.id for each in verdict.changes)
            settled.listed.extend(every for each in verdict.changes for every in listed(each))

    async def told(self, sql: Sql, verdict: Verdict, settled: Settled, *, now: datetime) -> None:
        """Keep what was refused, and publish and start what the changes mean."""
        if verdict.refusals:
            await entities.refuse(sql, verdict.refusals, now=now)
        for event, about in verdict.events:
            await self.publish(sql, event, settled, about=about, now=now)

    def judged(self, claims: Sequence[tuple[str, Claim]], known: Dict[str, Row], *, quiet: bool = False) -> Verdict:
        """What is believed of these claims, what is refused, and what that means. Decides, and writes nothing."""
        changes: list[Change] = []
        refusals: list[Refusal] = []
        events: list[tuple[Event, str]] = []
        for id_, claim in claims:
            row = known.get(id_)
            before: dict[str, Any] | None = row["fields"] if row else None
            was_unread = row["unread"] if row else {}
            settlement = self.applied.policy.settle(before, claim)
            refusals += [
                Refusal(id_, name, claim.system, self.applied.policy.owner(claim.kind, name), value)
                for name, value in settlement.refused.items()
            ]
            unread = self._unread(claim, was_unread)
            if not settlement.accepted and unread == was_unread:
                continue
            after = {**(before or {}), **settlement.accepted, "id": id_}
            changed = {name: [(before or {}).get(name), value] for name, value in settlement.accepted.items()}
            version = row["version"] + 1 if row else 1
            changes.append(Change(id_, claim.kind, version, after, changed, claim.system, unread=unread))
            # What a first read meets for the first time is history; what changed while it lasted is not.
            if not (quiet and before is None):
                events += [(event, f"{id_}/{version}") for event in detect(claim.kind, before, after)]
        return Verdict(changes, refusals, events)

    def _unread(self, claim: Claim, before: dict[str, str]) -> dict[str, str]:
        """What cannot be read matters only when the claimant would have been believed."""
        still = {name: why for name, why in before.items() if name not in claim.fields}
        new = {n: why for n, why in claim.unread.items() if self.applied.policy.owner(claim.kind, n) == claim.system}
        return still | new

    async def publish(self, sql: Sql, event: Event, settled: Settled, *, about: str, now: datetime,
                      correlation: str | None = None, run: str | None = None) -> None:  # fmt: skip
        """Append an event once, and start the workflows that wait for its kind."""
        said = event.model_dump(mode="json")
        new = NewEvent(
            id=exact.digest(event.type, about, said),
            type=event.type,
            subject=event.about(),
            fields=said,
            correlation=correlation or event.about(),
            run=run,
        )
        if not await runs.publish(sql, [new], now=now):
            return
        settled.told.append(new.subject)
        concerned = [each for each in self.workflows if each.starts_with(type(event))]
        settled.joining += [self._run(each, event, new) for each in concerned if each.gathers]
        started = [self._run(each, event, new) for each in concerned if not each.gathers]
        if started:
            await runs.start(sql, started, now=now)
            settled.woken.extend(each.lane for each in started)

    def _run(self, workflow: Workflow, event: Event, published: NewEvent) -> NewRun:
        return NewRun(
            id=f"run-{exact.digest(workflow.name, published.id)[:12].lower()}",
            workflow=workflow.name,
            lane=f"{workflow.name}:{workflow.lane(event)}",
            event_type=event.type,
            event=published.fields,
            subject=published.subject,
            correlation=published.correlation,
        )

    async def wake(self, sql: Sql, settled: Settled, *, now: datetime, but: str = "") -> None:
        """Wake what was started, and whoever has read what is otherwise now; `but` is the lane we are in ourselves."""
        joined = {each.lane for each in settled.joining}
        settled.woken = sorted({*settled.woken} - {but} | joined)
        if settled.woken:
            await lanes.wake(sql, settled.woken, at=now)
        if settled.joining:
            await runs.join(sql, settled.joining, now=now)
        if concerned := settled.changed + settled.told + settled.listed:
            settled.woken += await runs.wake_concerned(sql, concerned, but=but, now=now)

    async def _names(self, sql: Sql, system: str, mapping: Mapping, records: Sequence[Record], *, now: datetime
                     ) -> Spelled:  # fmt: skip
        """Our ids for everything these records are or point at; what we never met gets an id now."""
        wanted: dict[tuple[str, str], str | None] = {}
        for record in records:
            ours = dig(record, mapping.id_field)[1] if mapping.id_field else None
            wanted[mapping.kind, str(dig(record, mapping.key)[1])] = ours and str(ours)
            for pointer in mapping.refs(record):
                wanted.setdefault(pointer, None)
        known = await entities.named(sql, system, list(wanted))
        for (kind, key), said in wanted.items():
            if (kind, key) not in known:
                ours = said if said and said.startswith(f"{kind}-") else None
                # Two records that both say they are this entity are twins; the second gets an id of its own.
                taken = ours and await entities.link_of(sql, ours, system, kind)
                id_ = self.ids(kind) if ours is None or taken else ours
                known[kind, key] = await entities.link(sql, Link(system, kind, key, id_), now=now)
        return Spelled(self.applied, known, {})


def every(kind: str, field: str, id_: str) -> str:
    """What a pass has read that asked for all of a kind that name an entity: one more of them is something new."""
    return f"every {kind} of {field} {id_}"


def listed(change: Change) -> list[str]:
    """The questions for all of a kind that an entity answers now, or answered before."""
    said = {(name, change.fields.get(name)) for name in entities.NAMED_BY}
    said |= {(name, change.changed[name][0]) for name in entities.NAMED_BY if name in change.changed}
    return sorted(every(change.kind, name, id_) for name, id_ in said if isinstance(id_, str))


def _latest(mapping: Mapping, records: Sequence[Record]) -> dict[str, Record]:
    """By key. Of two states of one record the later one is what is so; one without a key is nothing we can name."""
    latest: dict[str, Record] = {}
    for record in records:
        key = dig(record, mapping.key)[1]
        if key is None or key == "":
            log.warning("record.unnamed", kind=mapping.kind, field=mapping.key)
        elif str(key) not in latest or _changed(mapping, latest[str(key)]) <= _changed(mapping, record):
            latest[str(key)] = record
    return latest


def _changed(mapping: Mapping, record: Record) -> datetime:
    try:
        return moment(dig(record, mapping.changed or "")[1])
    except Unreadable:
        return datetime.min.replace(tzinfo=UTC)
