"""The org: who may see which records, what is found by which value, and changes that happen whole or not at all."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.salesforce.ids import numbered
from throughline.sandbox.salesforce.objects import SCHEMA
from throughline.sandbox.salesforce.schema import SObject
from throughline.sandbox.salesforce.wire import spelled
from throughline.sandbox.shelf import Record, Shelf

HIDDEN = "_sandbox"
FIRST_NUMBER = 300_000_000  # far enough along for ids to have letters of both cases


def key(value: str) -> str:
    """Salesforce compares text without regard to case, and so do its external ids."""
    return value.casefold()


class Org:
    """Records on the shelf, with indexes on references and external ids, and what slow transactions still hide."""

    def __init__(self, shelf: Shelf, clock: SandboxClock) -> None:
        self.shelf, self.clock = shelf, clock
        self._index: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
        self._unseen: dict[str, dict[str, list[tuple[datetime, Record | None]]]] = {}
        self.pages: dict[
            str, list[dict[str, Any]]
        ] = {}  # query locators; like a session, they do not outlive a restart
        self.calls: tuple[str, int] = ("", 0)  # of which day, and how many
        self.load()

    def load(self) -> None:
        """Rebuild what is derived from the shelf."""
        self._index = defaultdict(lambda: defaultdict(dict))
        self._unseen = defaultdict(dict)
        self.pages = {}
        self.calls = ("", 0)
        for kind in SCHEMA.objects:
            for record in self.shelf.all(kind.name).values():
                self._enter(kind, record)
        for name, versions in (self.recall("unseen") or {}).items():
            kind_name, id_ = name.split("/")
            self._unseen[kind_name][id_] = [(datetime.fromisoformat(until), before) for until, before in versions]

    def begin(self, user: str, at: datetime | None = None) -> "Transaction":
        return Transaction(self, user, at or self.clock.now())

    def remember(self, name: str, value: Record) -> None:
        """Keep something of the sandbox's own beside the records."""
        if self.shelf.get(HIDDEN, name) is None:
            self.shelf.create(HIDDEN, name, value)
        else:
            self.shelf.update(HIDDEN, name, value)

    def recall(self, name: str) -> Record | None:
        return self.shelf.get(HIDDEN, name)

    def slow_down(self, seconds: float) -> None:
        """From now on a change is seen by queries only so long after its SystemModstamp; 0 ends it."""
        self.remember("skew", {"seconds": seconds})

    def found(self, kind: SObject, field: str, value: str) -> list[str]:
        return list(self._index[kind.name, field].get(key(value), ()))

    def write(self, kind: SObject, record: Record, at: datetime) -> None:
        before = self.shelf.get(kind.name, record["Id"])
        if before is None:
            self.shelf.create(kind.name, record["Id"], record)
        else:
            self._leave(kind, before)
            self.shelf.update(kind.name, record["Id"], record)
        self._enter(kind, record)
        if skew := (self.recall("skew") or {}).get("seconds"):
            self._hide(kind.name, record["Id"], before, at + timedelta(seconds=skew))

    def seen(self, kind: SObject) -> Iterator[Record]:
        """What a query sees: a change that is still hidden shows what was there before it, or nothing."""
        unseen = self._unseen.get(kind.name)
        if not unseen:
            yield from self.shelf.all(kind.name).values()
            return
        for id_ in list(self.shelf.all(kind.name)):
            if (record := self.seen_one(kind, id_)) is not None:
                yield record

    def seen_one(self, kind: SObject, id_: str) -> Record | None:
        now = self.clock.now()
        for until, before in self._unseen.get(kind.name, {}).get(id_, ()):
            if until > now:
                return before
        return self.shelf.get(kind.name, id_)

    def hides(self, kind: SObject) -> bool:
        now = self.clock.now()
        return any(until > now for versions in self._unseen.get(kind.name, {}).values() for until, _ in versions)

    def _hide(self, kind: str, id_: str, before: Record | None, until: datetime) -> None:
        now = self.clock.now()
        self._unseen[kind].setdefault(id_, []).append((until, before))
        for ids in self._unseen.values():
            for name in [name for name, versions in ids.items() if all(moment <= now for moment, _ in versions)]:
                del ids[name]
        kept = {
            f"{kind_name}/{name}": [(moment.isoformat(), version) for moment, version in versions]
            for kind_name, ids in self._unseen.items()
            for name, versions in ids.items()
        }
        self.remember("unseen", kept)

    def _enter(self, kind: SObject, record: Record) -> None:
        for field in kind.fields:
            if field.indexed and (value := record.get(field.name)):
                self._index[kind.name, field.name][key(value)][record["Id"]] = None

    def _leave(self, kind: SObject, record: Record) -> None:
        for field in kind.fields:
            if field.indexed and (value := record.get(field.name)):
                self._index[kind.name, field.name][key(value)].pop(record["Id"], None)


class Transaction:
    """Changes of one request: kept aside until `commit`, so that a refusal leaves nothing behind.

    The stamp is taken when the transaction begins, as Salesforce does: a slow one commits behind a faster one's stamp.
    """

    def __init__(self, org: Org, user: str, at: datetime) -> None:
        self.org, self.user = org, user
        self.at = at.astimezone(UTC).replace(microsecond=0)
        self.stamp = spelled(self.at)
        self._staged: dict[tuple[str, str], Record] = {}

    def get(self, kind: SObject, id_: str) -> Record | None:
        """The record as it is, deleted or not, with this transaction's own changes."""
        return self._staged.get((kind.name, id_)) or self.org.shelf.get(kind.name, id_)

    def alive(self, kind: SObject, id_: str) -> Record | None:
        record = self.get(kind, id_)
        return None if record is None or record["IsDeleted"] else record

    def having(self, kind: SObject, field: str, value: str) -> list[Record]:
        """Living records with this value in an indexed field."""
        ids = dict.fromkeys(self.org.found(kind, field, value))
        ids |= {id_: None for name, id_ in self._staged if name == kind.name}
        records = [record for id_ in ids if (record := self.alive(kind, id_))]
        return [record for record in records if key(record.get(field) or "") == key(value)]

    def seen(self, kind: SObject) -> Iterator[Record]:
        """What a query in this transaction sees."""
        staged = {id_: record for (name, id_), record in self._staged.items() if name == kind.name}
        for record in self.org.seen(kind):
            yield staged.pop(record["Id"], record)
        yield from staged.values()

    def seen_one(self, kind: SObject, id_: str) -> Record | None:
        return self._staged.get((kind.name, id_)) or self.org.seen_one(kind, id_)

    def narrowed(self, kind: SObject, field: str, values: list[str]) -> Iterator[Record] | None:
        """Candidates by index; None when the index may not know what a query sees."""
        if self.org.hides(kind) or any(name == kind.name for name, _ in self._staged):
            return None
        ids = values if field == "Id" else [id_ for value in values for id_ in self.org.found(kind, field, value)]
        return (record for id_ in sorted(set(ids)) if (record := self.seen_one(kind, id_)))

    def new_id(self, kind: SObject) -> str:
        return numbered(kind.prefix, self.org.shelf.next(f"id/{kind.name}", first=FIRST_NUMBER))

    def stage(self, kind: SObject, record: dict[str, Any]) -> None:
        """Keep a changed record aside; who and when are stamped here."""
        stamped = {"LastModifiedDate": self.stamp, "LastModifiedById": self.user, "SystemModstamp": self.stamp}
        self._staged[kind.name, record["Id"]] = record | stamped

    def mark(self) -> dict[tuple[str, str], Record]:
        return dict(self._staged)

    def back_to(self, mark: dict[tuple[str, str], Record]) -> None:
        self._staged = dict(mark)

    def commit(self) -> None:
        staged, self._staged = self._staged, {}
        for (kind, _), record in staged.items():
            self.org.write(SCHEMA[kind], record, self.at)
