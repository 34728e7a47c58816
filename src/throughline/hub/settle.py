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
from throughline.hub.applied import Applied
from throughline.hub.naming import Naming
from throughline.store import entities, known, lanes, runs
from throughline.store.database import Row, Sql
from throughline.store.entities import Change, Refusal
from throughline.store.runs import NewEvent, NewRun

log = structlog.get_logger()


@dataclass(slots=True)
class Settled:
    """What came of it: entities that changed, or have an event told of them, lanes to wake, and how many repeats.

    `listed` is what somebody may have asked for all of, and has changed; a run that is `joining` begins only where none
    is under way; `unheard` are the entities that the system which speaks had never told of before.
    """

    changed: list[str] = field(default_factory=list[str])
    told: list[str] = field(default_factory=list[str])
    listed: list[str] = field(default_factory=list[str])
    woken: list[str] = field(default_factory=list[str])
    joining: list[NewRun] = field(default_factory=list[NewRun])
    repeats: int = 0
    quiet: bool = False
    unheard: frozenset[str] = frozenset()


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

    @property
    def _naming(self) -> Naming:
        return Naming(self.applied, self.ids)

    async def records(self, sql: Sql, system: str, mapping: Mapping, records: Sequence[Record], *, now: datetime,
                      quiet: bool = False) -> Settled:  # fmt: skip
        """Take in records of one kind, oldest first, inside the caller's transaction. `quiet` starts nothing."""
        settled = Settled(quiet=quiet)
        latest = _latest(mapping, records)
        bodies = {key: (exact.digest(latest[key]), latest[key]) for key in sorted(latest)}
        new = await entities.seen(sql, system, mapping.kind, bodies, changed=mapping.changed, now=now)
        settled.repeats = len(records) - len(new)
        fresh = [record for key, record in latest.items() if key in new]
        named = await self._naming.names(sql, system, mapping, fresh, now=now)
        settled.unheard = named.unheard
        claims = [mapping.read(record, system=system, names=named.names) for record in fresh]
        await self.claims(sql, [(named.names.ids[each.kind, each.key], each) for each in claims], settled, now=now)
        await self.wake(sql, settled, now=now)
        if mapping.entity.known_by and fresh:
            # Who pointed at them before they were met can be read now.
            for id_ in await known.met(sql, system, mapping.kind, sorted(new)):
                settled.woken += (await self.again(sql, id_, now=now)).woken
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
                named = await self._naming.names(sql, link.system, mapping, [record], now=now)
                claim = mapping.read(record, system=link.system, names=named.names)
                await self.claims(sql, [(id_, claim)], settled, now=now)
        await self.wake(sql, settled, now=now)
        return settled

    async def claims(self, sql: Sql, claims: Sequence[tuple[str, Claim]], settled: Settled, *, now: datetime) -> None:
        """Settle claims against what is known; publish and start what the changes mean."""
        if not claims:
            return
        before = await entities.locked(sql, [id_ for id_, _ in claims])
        history = settled.unheard if settled.quiet else frozenset[str]()
        verdict = self.judged(claims, before, quiet=settled.quiet, history=history)
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

    def judged(self, claims: Sequence[tuple[str, Claim]], known: Dict[str, Row], *, quiet: bool = False,
               history: frozenset[str] = frozenset()) -> Verdict:  # fmt: skip
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
            if not (quiet and (before is None or id_ in history)):
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
            correlation=correlation or await self._engagement(sql, event),
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

    async def _engagement(self, sql: Sql, event: Event) -> str:
        """What happens on a project or to a contract belongs with the deal it came from."""
        said = vars(event)
        of_deal = [said[name] for name in ("project", "contract") if said.get(name)]
        known = await entities.many(sql, of_deal) if of_deal else {}
        deal = next((row["fields"].get("opportunity") for row in known.values()), None)
        return deal or event.about()

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
