"""The account's memory: system notes for every change, and the list of deleted records."""

from datetime import datetime
from typing import Any

from throughline.sandbox.netsuite.moments import stamp
from throughline.sandbox.netsuite.names import name_of
from throughline.sandbox.netsuite.schema import RecordType
from throughline.sandbox.shelf import Record, Shelf

NOTE, DELETED = "systemNote", "deletedRecord"
_QUIET = {"lastModifiedDate", "lastModifiedBy", "createdDate", "id"}


def note_created(shelf: Shelf, type_: RecordType, record: Record, actor: str) -> None:
    _note(shelf, type_, record, actor, {"type": "Create"})


def note_edited(shelf: Shelf, type_: RecordType, old: Record, new: Record) -> None:
    """One note per field that changed. Lines are not noted one by one, only that they changed."""
    for name in sorted((old.keys() | new.keys()) - _QUIET):
        if old.get(name) != new.get(name):
            values = {"field": name, "oldvalue": _said(old.get(name)), "newvalue": _said(new.get(name))}
            _note(shelf, type_, new, new["lastModifiedBy"], {"type": "Change", **values})


def note_deleted(shelf: Shelf, type_: RecordType, record: Record, *, actor: str, at: datetime) -> None:
    number = str(shelf.next("deletedRecord"))
    shelf.create(
        DELETED,
        number,
        {
            "id": number,
            "recordid": record["id"],
            "recordtypeid": type_.name.lower(),
            "type": type_.title,
            "name": name_of(type_, record),
            "externalid": record.get("externalId"),
            "deletedby": actor,
            "deleteddate": stamp(at),
        },
    )


def _note(shelf: Shelf, type_: RecordType, record: Record, actor: str, said: dict[str, Any]) -> None:
    number = str(shelf.next("systemNote"))
    about = {"id": number, "record": record["id"], "recordtype": type_.name.lower()}
    shelf.create(NOTE, number, {**about, "name": actor, "date": record["lastModifiedDate"], **said})


def _said(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "T" if value else "F"
        case list():
            return f"{len(value)} lines"  # pyright: ignore[reportUnknownArgumentType] - a record is Any
        case _:
            return str(value)
