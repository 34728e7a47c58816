"""Creating, updating and deleting: permit, check, write, and let the consequences follow."""

from collections.abc import Sequence
from dataclasses import dataclass

from throughline.sandbox.kantata.consequences import follow
from throughline.sandbox.kantata.errors import Problem, Refused, invalid, not_found
from throughline.sandbox.kantata.ledger import Ledger
from throughline.sandbox.kantata.reading import Record
from throughline.sandbox.kantata.references import References
from throughline.sandbox.kantata.rules import Check, problems
from throughline.sandbox.kantata.rules.work import is_open
from throughline.sandbox.kantata.schema.shape import Collection
from throughline.sandbox.kantata.values import Record as Fields
from throughline.sandbox.kantata.values import permitted


@dataclass(frozen=True, slots=True)
class Draft:
    """A record that passed, and what it brings along that is not its own."""

    record: Record
    extras: Fields


class Records:
    def __init__(self, ledger: Ledger, references: References) -> None:
        self.ledger, self.references = ledger, references

    def create(
        self, collection: Collection, wanted: Sequence[Fields], actor: str, *, by_hand: bool = False
    ) -> list[Record]:
        """All are checked before the first is written: a bulk create is all or nothing."""
        names = _by_hand(collection) if by_hand else collection.creates
        drafts = [self._checked(collection, each, actor, names) for each in wanted]
        return [self._write(collection, draft, actor) for draft in drafts]

    def update(self, collection: Collection, id_: str, wanted: Fields, actor: str, *, by_hand: bool = False) -> Record:
        before = self.get(collection, id_)
        names = _by_hand(collection) if by_hand else collection.updates
        draft = self._checked(collection, wanted, actor, names, before)
        after = self.ledger.change(collection, before, actor, **draft.record)
        self._follow(collection, after, draft.extras, actor)
        return self.get(collection, id_)

    def delete(self, collection: Collection, id_: str, actor: str, *, by_hand: bool = False) -> None:
        record = self.get(collection, id_)
        reader = self.ledger.reader()
        if collection.name == "rate_cards" and reader.by("workspaces", "rate_card_id", id_):
            raise Refused(422, [invalid("base", "A rate card that is in use cannot be deleted")])
        if collection.name in ("time_entries", "expenses") and not (by_hand or is_open(reader, record)):
            raise Refused(422, [invalid("base", "Cannot be deleted after it was approved or invoiced")])
        self.ledger.remove(collection, record, actor)

    def get(self, collection: Collection, id_: str) -> Record:
        record = self.ledger.shelf.get(collection.name, id_)
        if not record:
            raise not_found()
        return record

    def _checked(
        self, collection: Collection, wanted: Fields, actor: str, names: Sequence[str], before: Record | None = None
    ) -> Draft:
        fields, faults = permitted(wanted, names)
        inline = fields.pop("external_reference", None)
        own = {name: value for name, value in fields.items() if name not in collection.extras}
        record = {**(before or dict(collection.defaults)), **own}
        faults += problems(collection, Check(self.ledger.reader(), record, before, fields, actor)) if not faults else []
        faults += self._inline_faults(inline)
        if faults:
            raise Refused(422, faults)
        extras = {name: fields[name] for name in collection.extras if name in fields}
        return Draft(record, {**extras, **({"external_reference": inline} if inline else {})})

    def _inline_faults(self, inline: object) -> list[Problem]:
        return self.references.inline_complaints(inline) if inline is not None else []

    def _write(self, collection: Collection, draft: Draft, actor: str) -> Record:
        record = self.ledger.add(collection, draft.record, actor)
        self._follow(collection, record, draft.extras, actor, new=True)
        return self.get(collection, record["id"])

    def _follow(self, collection: Collection, record: Record, extras: Fields, actor: str, *, new: bool = False) -> None:
        if inline := extras.get("external_reference"):
            self.references.attach(collection.model, record["id"], inline, actor)
        follow(self, collection, record, extras, actor, new=new)


def _by_hand(collection: Collection) -> tuple[str, ...]:
    """What a person can set in Kantata's own pages."""
    names = (*collection.creates, *collection.updates, *collection.by_hand, *collection.foreign_keys)
    return tuple(dict.fromkeys((*names, *collection.required)))
