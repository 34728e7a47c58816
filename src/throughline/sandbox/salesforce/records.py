"""Creating, changing and deleting records, with every check Salesforce makes on the way."""

from typing import Any

from throughline.sandbox.salesforce.ids import canonical
from throughline.sandbox.salesforce.objects import SCHEMA
from throughline.sandbox.salesforce.org import Transaction
from throughline.sandbox.salesforce.rules import derive, ripple
from throughline.sandbox.salesforce.schema import Field, SObject
from throughline.sandbox.salesforce.values import Stored, taken, unreadable
from throughline.sandbox.salesforce.wire import Refused
from throughline.sandbox.shelf import Record

type Given = dict[str, Any]


def create(tx: Transaction, kind: SObject, given: Given) -> str:
    _writable(kind)
    return place(tx, kind, given)


def place(tx: Transaction, kind: SObject, given: Given) -> str:
    """Create even what the API may not, such as users: setup does."""
    changes = _changes(tx, kind, given, creating=True)
    record = {field.name: _default(tx, field) for field in kind.fields}
    record |= {name: value for name, value in changes.items() if value is not None}
    record |= {"CreatedDate": tx.stamp, "CreatedById": tx.user}
    return _save(tx, kind, record, before=None, changes=changes)


def update(tx: Transaction, kind: SObject, before: Record, given: Given) -> None:
    _writable(kind)
    changes = _changes(tx, kind, given, creating=False)
    _save(tx, kind, before | changes, before=before, changes=changes)


def delete(tx: Transaction, kind: SObject, record: Record) -> None:
    """Into the recycle bin, with everything that cannot live without it."""
    _writable(kind)
    tx.stage(kind, record | {"IsDeleted": True})
    for child, link in SCHEMA.children(kind):
        for each in tx.having(child, link.name, record["Id"]) if link.cascade else ():
            delete(tx, child, each)
    ripple(tx, kind, record)


def existing(tx: Transaction, kind: SObject, id_: Any) -> Record:
    """The living record a write is aimed at."""
    long = canonical(id_) if isinstance(id_, str) else None
    if long is None or not long.startswith(kind.prefix):
        raise Refused(400, "MALFORMED_ID", f"{kind.name} ID: id value of incorrect type: {id_}", ("Id",))
    record = tx.get(kind, long)
    if record is None:
        raise Refused(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if record["IsDeleted"]:
        raise Refused(404, "ENTITY_IS_DELETED", "entity is deleted")
    return record


def external_field(kind: SObject, name: str) -> Field:
    """The field an upsert names: an external id, or the id itself."""
    field = kind.field(name)
    if field is None or not (field.external_id or field.name == "Id"):
        message = f"Provided external ID field does not exist or is not accessible: {name}"
        raise Refused(404, "NOT_FOUND", message)
    return field


def _save(tx: Transaction, kind: SObject, record: Record, *, before: Record | None, changes: Given) -> str:
    missing = tuple(field.name for field in kind.fields if field.required and record[field.name] is None)
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise Refused(400, "REQUIRED_FIELD_MISSING", message, missing)
    record |= derive(tx, kind, record, before=before, named=changes)
    _refuse_duplicates(tx, kind, record)
    if before is None:
        record["Id"] = tx.new_id(kind)
    tx.stage(kind, record)
    ripple(tx, kind, record)
    return record["Id"]


def _refuse_duplicates(tx: Transaction, kind: SObject, record: Record) -> None:
    for field in kind.fields:
        if not field.unique or not (value := record[field.name]):
            continue
        for other in tx.having(kind, field.name, value):
            if other["Id"] != record["Id"]:
                message = f"{field.name} duplicates value on record with id: {other['Id'][:15]}"
                raise Refused(400, "DUPLICATE_VALUE", f"duplicate value found: {message}")


def _changes(tx: Transaction, kind: SObject, given: Given, *, creating: bool) -> dict[str, Stored]:
    named = [(_named(kind, name, value), value) for name, value in given.items() if name != "attributes"]
    closed = tuple(field.name for field, _ in named if not (field.createable if creating else field.updateable))
    if "Id" in closed:
        message = f"The Id field should not be specified in the sobject data of type {kind.name}."
        raise Refused(400, "INVALID_FIELD", message)
    if closed:
        message = (
            f"Unable to create/update fields: {', '.join(closed)}. Please check the security settings of this field"
            " and verify that it is read/write for your profile or permission set."
        )
        raise Refused(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, closed)
    return {field.name: _taken(tx, field, value) for field, value in named}


def _named(kind: SObject, name: str, value: Any) -> Field:
    field = kind.parent(name) if isinstance(value, dict) else kind.field(name)
    if field is None:
        raise Refused(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}")
    return field


def _taken(tx: Transaction, field: Field, value: Any) -> Stored:
    if field.type != "reference":
        return taken(field, value)
    if isinstance(value, dict):
        return _referred(tx, SCHEMA[field.refers_to or ""], value)
    return _reference(tx, field, value)


def _reference(tx: Transaction, field: Field, value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise unreadable(field, value)
    target = SCHEMA[field.refers_to or ""]
    id_ = canonical(value)
    if id_ is None or not id_.startswith(target.prefix):
        raise Refused(400, "MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", (field.name,))
    record = tx.get(target, id_)
    if record is None:
        raise Refused(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", (field.name,))
    if record["IsDeleted"]:
        raise Refused(400, "ENTITY_IS_DELETED", "entity is deleted", (field.name,))
    return id_


def _referred(tx: Transaction, target: SObject, given: Given) -> str:
    """A parent named by its external id: `"Account": {"Throughline_Id__c": "..."}`."""
    keys = [name for name in given if name != "attributes"]
    field = target.field(keys[0]) if len(keys) == 1 else None
    if field is None or not field.external_id:
        raise Refused(400, "INVALID_FIELD", f"A reference to {target.name} needs exactly one external id field")
    value = given[keys[0]]
    found = tx.having(target, field.name, str(value))
    if len(found) != 1:
        message = f"Foreign key external ID: {value} not found for field {field.name} in entity {target.name}"
        raise Refused(400, "INVALID_FIELD", message)
    return found[0]["Id"]


def _default(tx: Transaction, field: Field) -> Stored:
    if field.name == "OwnerId":
        return tx.user
    return False if field.type == "boolean" and field.default is None else field.default


def _writable(kind: SObject) -> None:
    if not kind.writable:
        message = "insufficient access rights on object id"
        raise Refused(403, "INSUFFICIENT_ACCESS_OR_READONLY", message)
