"""Reading the shelf: by id, and by what a record points at."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from throughline.sandbox.shelf import Shelf

type Record = dict[str, Any]


class Indexes:
    """Built when first asked for, kept up to date by the ledger, so that a thousand projects cost what one costs."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._held: dict[str, dict[str, dict[str, dict[str, Record]]]] = defaultdict(dict)

    def find(self, name: str, field: str, value: str) -> list[Record]:
        if field not in self._held[name]:
            index = self._held[name][field] = {}
            for record in self._shelf.all(name).values():
                _enter(index, field, record)
        return list(self._held[name][field].get(value, {}).values())

    def moved(self, name: str, before: Record | None, after: Record | None) -> None:
        for field, index in self._held[name].items():
            for value in _values(before, field) - _values(after, field):
                index[value].pop((before or {})["id"])
            if after:
                _enter(index, field, after)

    def clear(self) -> None:
        self._held.clear()


def _enter(index: dict[str, dict[str, Record]], field: str, record: Record) -> None:
    for value in _values(record, field):
        index.setdefault(value, {})[record["id"]] = record


def _values(record: Record | None, field: str) -> set[str]:
    if record is None:
        return set()
    held = record.get(field)
    return {str(each) for each in held} if isinstance(held, list) else {str(held)}


class Reader:
    """Reads on one day: what is effective depends on it."""

    def __init__(self, shelf: Shelf, indexes: Indexes, *, today: date) -> None:
        self._shelf, self._indexes, self.today = shelf, indexes, today

    def get(self, name: str, id_: str | None) -> Record | None:
        return self._shelf.get(name, str(id_)) if id_ is not None else None

    def all(self, name: str) -> Iterable[Record]:
        return self._shelf.all(name).values()

    def by(self, name: str, field: str, value: str | None) -> list[Record]:
        """Records whose `field` is, or lists, `value`."""
        return self._indexes.find(name, field, str(value))
