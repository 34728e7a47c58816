"""Pretend systems: each holds records of our fields under its own keys, finds what looks alike, and can be unwell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from throughline.core.entities import Assignment, Entity
from throughline.core.errors import Hold
from throughline.core.matching import same_tax_id, search_word

type Fields = dict[str, Any]

# What came of a contract or an invoice is found by it.
FOLLOWED = ("contract", "invoice")


@dataclass(slots=True)
class Held:
    """A record: its key there, what it says in our words, and our id if it carries one."""

    key: str
    fields: Fields
    id: str | None = None


@dataclass(slots=True)
class PretendSystem:
    """A system as a workflow meets it. Like any good vendor's, it has one record per id of ours (DESIGN section 6)."""

    name: str
    _held: dict[str, dict[str, Held]] = field(default_factory=dict[str, dict[str, Held]])
    _fault: Exception | None = None
    _refusal: Exception | None = None
    _next_key: int = 1001

    def records(self, kind: str) -> dict[str, Fields]:
        """What it holds of a kind, by key."""
        return {key: dict(held.fields) for key, held in self._held.get(kind, {}).items()}

    def ours(self, kind: str) -> dict[str, Fields]:
        """What it holds of a kind and carries an id of ours, by that id."""
        return {held.id: dict(held.fields) for held in self._held.get(kind, {}).values() if held.id}

    def has(self, entity: Entity, *, key: str, known_as: str | None = None) -> None:
        """It has had this record all along; `known_as` is the id of ours it carries, if any."""
        self._held.setdefault(entity.kind, {})[key] = Held(key, told(entity), known_as)

    def loses(self, kind: str, key: str) -> None:
        """Somebody deleted a record there."""
        del self._held[kind][key]

    def fails(self, error: Exception | None) -> None:
        """Until further notice every question and every write is answered with this error."""
        self._fault = error

    def refuses(self, error: Exception | None) -> None:
        """Until further notice every write is answered with this error; questions still get their answer."""
        self._refusal = error

    def find(self, like: Entity, *, key: str | None) -> list[Held]:
        """What carries our id or is linked to it (`key`), came of the same, has its tax id or a like name.

        People are found by what they are known by, and what is put on somebody by whom it points at.
        """
        self._answer()
        fields = told(like)
        return [
            held
            for held in self._held.get(like.kind, {}).values()
            if held.key == key or held.id == like.id or _is_like(held, fields) or _says_the_same(held, fields, like)
        ]

    def write(self, kind: str, fields: Fields, *, id_: str, key: str | None) -> str:
        """Update the record of that key; without one, the record that carries our id, or a new one."""
        self._answer()
        if self._refusal:
            raise self._refusal
        records = self._held.setdefault(kind, {})
        held = records.get(key) if key else next((each for each in records.values() if each.id == id_), None)
        if held is None:
            held = self._new(kind, id_, key)
            records[held.key] = held
        held.fields.update(fields)
        return held.key

    def _new(self, kind: str, id_: str, key: str | None) -> Held:
        if key:
            raise Hold(f"{self.name} has no {kind} {key}", fix=f"Find out where {key} went, then release.")
        self._next_key += 1
        return Held(str(self._next_key - 1), {}, id_)

    def _answer(self) -> None:
        if self._fault:
            raise self._fault


def told(entity: Entity) -> Fields:
    """What an entity says beside its id: a field without a value is not said."""
    return {name: value for name, value in entity.model_dump(mode="json", exclude={"id"}).items() if value is not None}


def _is_like(held: Held, like: Mapping[str, Any]) -> bool:
    if any(like.get(name) and held.fields.get(name) == like[name] for name in FOLLOWED):
        return True
    word = search_word(str(like.get("name", "")))
    begins_alike = bool(word) and str(held.fields.get("name", "")).upper().startswith(word)
    return begins_alike or same_tax_id(like.get("tax_id"), held.fields.get("tax_id"))


def _says_the_same(held: Held, like: Mapping[str, Any], entity: Entity) -> bool:
    name = entity.known_by or ("resource" if isinstance(entity, Assignment) else "")
    said = like.get(name)
    return bool(said) and said == held.fields.get(name)
