"""The way out: Kantata's envelope, where `results` gives order and membership and the maps give the objects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from throughline.sandbox.kantata.derived import derived
from throughline.sandbox.kantata.reading import Reader, Record
from throughline.sandbox.kantata.schema import BY_MODEL, COLLECTIONS
from throughline.sandbox.kantata.schema.shape import NUMERIC_IDS, Collection, Link

POLYMORPHIC = ("external_references", "subscribed_events")


@dataclass(frozen=True, slots=True)
class Page:
    count: int
    number: int = 1
    size: int = 20

    def meta(self) -> dict[str, int]:
        pages = -(-self.count // self.size)
        return {"count": self.count, "page_count": pages, "page_number": self.number, "page_size": self.size}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the asker wants beside the plain records."""

    include: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()


class Presenter:
    def __init__(self, reader: Reader, wish: Wish) -> None:
        self._reader, self._wish = reader, wish
        self._maps: dict[str, dict[str, Any]] = {}

    def envelope(self, collection: Collection, records: Sequence[Record], page: Page) -> dict[str, Any]:
        self._maps = {collection.name: {}}
        for record in records:
            self._maps[collection.name][record["id"]] = self.one(collection, record)
        results = [{"key": collection.name, "id": record["id"]} for record in records]
        return {"count": page.count, "results": results, **self._maps, "meta": page.meta()}

    def one(self, collection: Collection, record: Record) -> dict[str, Any]:
        values = {**record, **derived(collection.name, self._reader, record)}
        shown = plain(collection, values, self._wish.optional)
        for name in self._wish.include:
            if link := collection.links.get(name):
                shown[link.key] = self._follow(collection, link, values)
            elif name == "subject" and collection.name in POLYMORPHIC:
                shown["subject_ref"] = self._subject(record)
        return shown

    def _follow(self, collection: Collection, link: Link, values: Record) -> list[str] | str | None:
        ids = [id_ for id_ in self._linked(collection, link, values) if self._reader.get(link.to, id_)]
        self._side_load(COLLECTIONS[link.to], ids)
        if link.key.endswith("_ids"):
            return ids
        return ids[0] if ids else None

    def _linked(self, collection: Collection, link: Link, values: Record) -> Iterable[str]:
        match link.via:
            case None | "derived":
                held = values.get(link.key)
                return held if isinstance(held, list) else [held] if held else []
            case "subject":
                there = self._reader.by(link.to, "subject_id", values["id"])
                return [each["id"] for each in there if each["subject_type"] == collection.model]
            case via:
                there = self._reader.by(link.to, via, values["id"])
                return [each["id"] for each in there if link.needs is None or each.get(link.needs)]

    def _subject(self, record: Record) -> dict[str, str] | None:
        there = BY_MODEL.get(record["subject_type"])
        if not there or not self._reader.get(there.name, record["subject_id"]):
            return None
        self._side_load(there, [record["subject_id"]])
        return {"key": there.name, "id": record["subject_id"]}

    def _side_load(self, collection: Collection, ids: Iterable[str]) -> None:
        into = self._maps.setdefault(collection.name, {})
        for id_ in ids:
            record = self._reader.get(collection.name, id_)
            if record and id_ not in into:
                values = {**record, **derived(collection.name, self._reader, record)}
                into[id_] = plain(collection, values, frozenset())


def plain(collection: Collection, values: Record, optional: frozenset[str]) -> dict[str, Any]:
    """A record without its associations: attributes, and the foreign keys that are in its row."""
    hidden = set(collection.optional) - optional
    shown = {name: values.get(name) for name in collection.attributes if name not in hidden}
    for key, link in collection.foreign_keys.items():
        if link.shown:
            shown[key] = values.get(key)
    for name in NUMERIC_IDS.intersection(collection.attributes):
        held = shown[name]
        shown[name] = int(held) if held else None
    return {**shown, "id": values["id"]}
