"""The record engine: creates, merges, upserts and deletes any record type its schema describes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from throughline.sandbox.netsuite import notes, rules
from throughline.sandbox.netsuite.amounts import settle_invoice
from throughline.sandbox.netsuite.applications import concerned, paid
from throughline.sandbox.netsuite.catalogue import TYPES
from throughline.sandbox.netsuite.index import Index
from throughline.sandbox.netsuite.intake import Draft, read_body
from throughline.sandbox.netsuite.lines import merge
from throughline.sandbox.netsuite.moments import stamp, today
from throughline.sandbox.netsuite.names import name_of
from throughline.sandbox.netsuite.periods import check_period
from throughline.sandbox.netsuite.problems import invalid_content, nonexistent, taken, user_error
from throughline.sandbox.netsuite.rates import bring_in
from throughline.sandbox.netsuite.revenue import Revenue
from throughline.sandbox.netsuite.schema import RecordType
from throughline.sandbox.shelf import Record, Shelf

ANNOUNCED = {"customer", "salesOrder", "invoice", "creditMemo", "customerPayment", "journalEntry"}
type Announce = Callable[[RecordType, str, str, str], None]  # type, id, operation, actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What is asked for, and by whom. `strict` refuses unknown property names; `replace` names swapped sublists."""

    body: dict[str, Any]
    actor: str
    strict: bool = False
    replace: frozenset[str] = frozenset()
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    id: str
    unknown: list[str] = field(default_factory=list[str])


class Records:
    def __init__(
        self,
        shelf: Shelf,
        *,
        now: Callable[[], datetime],
        zone: ZoneInfo,
        announce: Announce,
        duplicate_code: Callable[[], str],
    ) -> None:
        self.shelf, self.index = shelf, Index(shelf)
        self._now, self._zone, self._announce, self._duplicate_code = now, zone, announce, duplicate_code
        self._books = rules.Books(shelf, self._next_number, lambda: today(now(), zone))
        self._revenue = Revenue(shelf, now)

    # Reading

    def find(self, type_: RecordType, key: str) -> Record | None:
        """By internal id, or by `eid:` and the external id."""
        if key.startswith("eid:"):
            holder = self.index.by_external_id(type_, key[4:])
            return self.shelf.get(*holder) if holder and holder[0] == type_.name else None
        return self.shelf.get(type_.name, key)

    def get(self, type_: RecordType, key: str) -> Record:
        record = self.find(type_, key)
        if record is None:
            raise nonexistent()
        return record

    def resolve(self, to: str, reference: dict[str, Any]) -> str | None:
        """The id a reference means: by id, else by external id, else by name."""
        type_ = TYPES[to]
        if (id_ := reference.get("id")) is not None:
            return str(id_) if self.shelf.get(to, str(id_)) else None
        if external_id := reference.get("externalId"):
            found = self.find(type_, f"eid:{external_id}")
            return found["id"] if found else None
        if name := reference.get("refName"):
            named = (record["id"] for record in self.shelf.all(to).values() if name_of(type_, record) == name)
            return next(named, None)
        return None

    # Writing

    def create(self, type_: RecordType, edit: Edit, *, id_: str | None = None, quiet: bool = False) -> Written:
        draft = self._read(type_, edit)
        at = stamp(self._now())
        record: Record = {"id": id_ or str(self.shelf.next(type_.family, first=type_.first_id)), "createdDate": at}
        record |= {known.name: known.default for known in type_.fields if known.default is not None}
        self._apply(type_, record, draft, edit)
        rules.complete(type_, record, self._books)
        self._check_unique(type_, record, None)
        record |= {"lastModifiedDate": at, "lastModifiedBy": edit.actor}
        self.shelf.create(type_.name, record["id"], record)
        self.index.add(type_, record)
        if not quiet:
            notes.note_created(self.shelf, type_, record, edit.actor)
            self._after(type_, [record], "create", edit.actor)
        return Written(record["id"], draft.unknown)

    def edit(self, type_: RecordType, key: str, edit: Edit) -> Written:
        old = self.get(type_, key)
        if type_.family == "transaction":
            check_period(type_, dict(old), self.shelf)
        draft = self._read(type_, edit)
        record: Record = dict(old)
        if "tranDate" in draft.fields and "postingPeriod" not in draft.fields:
            record.pop("postingPeriod", None)
        self._apply(type_, record, draft, edit)
        self._check_unique(type_, record, old)
        rules.complete(type_, record, self._books)
        record |= {"lastModifiedDate": stamp(self._now()), "lastModifiedBy": edit.actor}
        self.index.remove(type_, old)
        self.shelf.update(type_.name, record["id"], record)
        self.index.add(type_, record)
        notes.note_edited(self.shelf, type_, old, record)
        self._after(type_, [record, old], "edit", edit.actor)
        return Written(record["id"], draft.unknown)

    def upsert(self, type_: RecordType, external_id: str, edit: Edit) -> Written:
        """PUT eid: creates, or edits as a PATCH would: without keys or ?replace, lines are added again."""
        if self.find(type_, f"eid:{external_id}"):
            return self.edit(type_, f"eid:{external_id}", edit)
        named = Edit(
            body=edit.body, actor=edit.actor, strict=edit.strict, replace=edit.replace, external_id=external_id
        )
        return self.create(type_, named)

    def delete(self, type_: RecordType, key: str, *, actor: str) -> None:
        record = self.get(type_, key)
        if type_.family == "transaction":
            check_period(type_, dict(record), self.shelf)
        if next(rules.referrers(self.shelf, type_, record["id"]), None):
            raise user_error("This record cannot be deleted because it has dependent records.")
        self.index.remove(type_, record)
        self.shelf.delete(type_.name, record["id"])
        notes.note_deleted(self.shelf, type_, record, actor=actor, at=self._now())
        self._after(type_, [record], "delete", actor)

    def today(self) -> date:
        """The day it is where the account is."""
        return today(self._now(), self._zone)

    def stamp(self) -> str:
        return stamp(self._now())

    def bring_rates_in(self) -> None:
        """What the provider of exchange rates has published by now."""
        bring_in(self.shelf, self.today(), self._now())

    def _read(self, type_: RecordType, edit: Edit) -> Draft:
        draft = read_body(type_, edit.body, self.resolve)
        if edit.strict and draft.unknown:
            unknown = draft.unknown[0]
            raise invalid_content(f"Unknown reference or field '{unknown}' in the request body.", unknown)
        return draft

    def _apply(self, type_: RecordType, record: Record, draft: Draft, edit: Edit) -> None:
        record |= draft.fields
        if edit.external_id:
            record["externalId"] = edit.external_id
        for name in [name for name, value in record.items() if value is None]:
            del record[name]
        for sublist in type_.sublists:
            if sublist.name in draft.lines:
                kept = cast("list[dict[str, Any]]", record.get(sublist.name, []))
                replace = bool(edit.replace & {sublist.name, sublist.also})
                record[sublist.name] = merge(
                    sublist, kept, draft.lines[sublist.name], replace=replace, next_key=self._next_line
                )
            elif sublist.name in record:
                record[sublist.name] = [dict(line) for line in record[sublist.name]]

    def _check_unique(self, type_: RecordType, record: Record, old: Record | None) -> None:
        own = old["id"] if old else None
        if external_id := record.get("externalId"):
            holder = self.index.by_external_id(type_, external_id)
            if holder and holder != (type_.name, own):
                raise taken(
                    "UNIQUE_EXT_ID_REQD",
                    f"The external ID {external_id} is already in use by {holder[0]} {holder[1]}.",
                    "externalId",
                )
        if entity_id := record.get("entityId"):
            holder_id = self.index.by_entity_id(type_, entity_id)
            if holder_id and holder_id != own:
                raise taken(self._duplicate_code(), "This entity already exists.", "entityId")

    def _after(self, type_: RecordType, versions: list[Record], operation: str, actor: str) -> None:
        """`versions` are the record as it is and as it was: a payment concerns the invoices of both."""
        for invoice in concerned(*versions):
            self._settle(invoice, actor)
        if type_.name == "salesOrder":
            self._revenue.follow(versions[0], gone=operation == "delete")
        if type_.name in ANNOUNCED:
            self._announce(type_, versions[0]["id"], operation, actor)

    def _settle(self, invoice: str, actor: str) -> None:
        if found := self.shelf.get("invoice", invoice):
            settled = {**found, "lastModifiedDate": stamp(self._now()), "lastModifiedBy": actor}
            settle_invoice(settled, paid(self.shelf, invoice))
            self.shelf.update("invoice", invoice, settled)
            self._announce(TYPES["invoice"], invoice, "edit", actor)

    def _next_number(self, name: str) -> int:
        return self.shelf.next(f"number {name}", first=1001)

    def _next_line(self) -> int:
        return self.shelf.next("lineUniqueKey", first=5001)
