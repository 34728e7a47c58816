"""What an object is made of: fields with their types, limits and choices, and how to find them by name."""

from collections.abc import Iterable
from dataclasses import dataclass, field

TEXTS = frozenset({"string", "textarea", "email", "phone", "url", "picklist"})
NUMBERS = frozenset({"currency", "double", "percent"})


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    required: bool = False
    createable: bool = True
    updateable: bool = True
    external_id: bool = False
    unique: bool = False
    choices: tuple[str, ...] = ()
    restricted: bool = False
    default: str | bool | None = None
    refers_to: str | None = None
    relationship: str | None = None
    children: str | None = None
    cascade: bool = False

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def filterable(self) -> bool:
        return self.type != "textarea" or self.length <= 255

    @property
    def indexed(self) -> bool:
        return self.external_id or self.type == "reference"


@dataclass(frozen=True, slots=True)
class SObject:
    name: str
    prefix: str
    plural: str
    fields: tuple[Field, ...]
    writable: bool = True
    _by_name: dict[str, Field] = field(init=False, repr=False, compare=False)
    _by_relationship: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        relationships = {each.relationship.lower(): each for each in self.fields if each.relationship}
        object.__setattr__(self, "_by_name", {each.name.lower(): each for each in self.fields})
        object.__setattr__(self, "_by_relationship", relationships)

    def field(self, name: str) -> Field | None:
        """Salesforce does not mind the case of a field's name."""
        return self._by_name.get(name.lower())

    def parent(self, relationship: str) -> Field | None:
        return self._by_relationship.get(relationship.lower())


class Schema:
    """All objects of the org, by name, and who is whose child."""

    def __init__(self, objects: Iterable[SObject]) -> None:
        self.objects = tuple(objects)
        self._by_name = {each.name.lower(): each for each in self.objects}

    def find(self, name: str) -> SObject | None:
        return self._by_name.get(name.lower())

    def __getitem__(self, name: str) -> SObject:
        return self._by_name[name.lower()]

    def children(self, parent: SObject) -> list[tuple[SObject, Field]]:
        return [
            (each, link)
            for each in self.objects
            for link in each.fields
            if link.refers_to == parent.name and link.children
        ]

    def child(self, parent: SObject, relationship: str) -> tuple[SObject, Field] | None:
        wanted = relationship.lower()
        return next(((o, f) for o, f in self.children(parent) if (f.children or "").lower() == wanted), None)
