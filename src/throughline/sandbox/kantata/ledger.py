"""Writing to the shelf: ids and times are given here, and every change is told to whoever keeps the events."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from throughline.sandbox.kantata.reading import Indexes, Reader, Record
from throughline.sandbox.kantata.schema import COLLECTIONS, FIRST_ID
from throughline.sandbox.kantata.schema.shape import Collection
from throughline.sandbox.shelf import Shelf

type Verb = Literal["created", "updated", "deleted"]
type Tell = Callable[[Collection, Verb, str, Record | None, Record | None], None]


def stamp(at: datetime) -> str:
    """Kantata's times have whole seconds and an offset."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


class Ledger:
    def __init__(self, shelf: Shelf, indexes: Indexes, now: Callable[[], datetime], tell: Tell) -> None:
        self.shelf, self._indexes, self.now, self._tell = shelf, indexes, now, tell

    def reader(self) -> Reader:
        return Reader(self.shelf, self._indexes, today=self.now().date())

    def add(self, collection: Collection, fields: Record, actor: str) -> Record:
        at = stamp(self.now())
        id_ = str(self.shelf.next(collection.name, first=FIRST_ID[collection.name]))
        record = {**fields, "id": id_, "created_at": at, "updated_at": at}
        self.shelf.create(collection.name, id_, record)
        self._indexes.moved(collection.name, None, record)
        self._tell(collection, "created", actor, None, record)
        return record

    def change(self, collection: Collection, record: Record, actor: str, **fields: object) -> Record:
        """Nothing different is nothing written: no new `updated_at`, and no event."""
        before = self.shelf.get(collection.name, record["id"]) or record
        after = {**before, **fields}
        if after == before:
            return before
        after["updated_at"] = stamp(self.now())
        self._put(collection, before, after)
        self._tell(collection, "updated", actor, before, after)
        return after

    def remove(self, collection: Collection, record: Record, actor: str) -> None:
        """A hard delete. What belongs to the record goes first; what merely mentions it forgets it."""
        for child, key in _owned_by(collection):
            for each in self.reader().by(child.name, key, record["id"]):
                if self.shelf.get(child.name, each["id"]):
                    self.remove(child, each, actor)
        self._forget_subject(collection, record, actor)
        self._forget_mentions(collection, record)
        held = self.shelf.get(collection.name, record["id"])
        self.shelf.delete(collection.name, record["id"])
        self._indexes.moved(collection.name, held, None)
        self._tell(collection, "deleted", actor, record, None)

    def _forget_subject(self, collection: Collection, record: Record, actor: str) -> None:
        reader = self.reader()
        for name in ("external_references", "custom_field_values"):
            for each in reader.by(name, "subject_id", record["id"]):
                if each["subject_type"] == collection.model:
                    self.remove(COLLECTIONS[name], each, actor)

    def _forget_mentions(self, collection: Collection, record: Record) -> None:
        reader = self.reader()
        for other, key in _mentioning(collection):
            for each in list(reader.by(other.name, key, record["id"])):
                held = each[key]
                left = [id_ for id_ in held if id_ != record["id"]] if isinstance(held, list) else None
                self._put(other, each, {**each, key: left})

    def _put(self, collection: Collection, before: Record, after: Record) -> None:
        self.shelf.update(collection.name, before["id"], after)
        self._indexes.moved(collection.name, before, after)


def _owned_by(owner: Collection) -> list[tuple[Collection, str]]:
    return [
        (child, key)
        for child in COLLECTIONS.values()
        for key in child.owners
        if child.foreign_keys[key].to == owner.name
    ]


def _mentioning(target: Collection) -> list[tuple[Collection, str]]:
    return [
        (other, key)
        for other in COLLECTIONS.values()
        for key, link in other.foreign_keys.items()
        if link.to == target.name and key not in other.owners
    ]
