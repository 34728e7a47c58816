"""Finds a record by what is unique about it, without walking the shelf for every write."""

from throughline.sandbox.netsuite.catalogue import TYPES, kin
from throughline.sandbox.netsuite.schema import RecordType
from throughline.sandbox.shelf import Record, Shelf

type Holder = tuple[str, str]  # record type, id


class Index:
    """External ids per family, entity ids per type, and display names. Built from the shelf at first use."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._built = False
        self._external: dict[tuple[str, str], Holder] = {}
        self._entity: dict[tuple[str, str], str] = {}

    def forget(self) -> None:
        self._built = False

    def by_external_id(self, type_: RecordType, external_id: str) -> Holder | None:
        self._build()
        return self._external.get((type_.family, external_id))

    def by_entity_id(self, type_: RecordType, entity_id: str) -> str | None:
        self._build()
        return self._entity.get((type_.name, entity_id.casefold()))

    def holder(self, type_: RecordType, id_: str) -> RecordType | None:
        """Which type of the family has this internal id."""
        return next((other for other in kin(type_) if self._shelf.get(other.name, id_)), None)

    def add(self, type_: RecordType, record: Record) -> None:
        self._build()
        if external_id := record.get("externalId"):
            self._external[type_.family, external_id] = (type_.name, record["id"])
        if entity_id := record.get("entityId"):
            self._entity[type_.name, entity_id.casefold()] = record["id"]

    def remove(self, type_: RecordType, record: Record) -> None:
        self._build()
        if external_id := record.get("externalId"):
            self._external.pop((type_.family, external_id), None)
        if entity_id := record.get("entityId"):
            self._entity.pop((type_.name, entity_id.casefold()), None)

    def _build(self) -> None:
        if self._built:
            return
        self._built = True
        self._external.clear()
        self._entity.clear()
        for type_ in TYPES.values():
            for record in self._shelf.all(type_.name).values():
                self.add(type_, record)
