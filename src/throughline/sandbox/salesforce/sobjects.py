"""Single records: `sobjects/{object}`, by id and by external id, and what changed or went in a span of time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from throughline.sandbox.salesforce import records
from throughline.sandbox.salesforce.describe import find
from throughline.sandbox.salesforce.ids import canonical
from throughline.sandbox.salesforce.org import Transaction
from throughline.sandbox.salesforce.render import whole
from throughline.sandbox.salesforce.schema import Field, SObject
from throughline.sandbox.salesforce.wire import Answer, Call, Refused, not_found, spelled
from throughline.sandbox.shelf import Record

REMEMBERED = timedelta(days=30)


def create(call: Call, tx: Transaction, name: str) -> Answer:
    kind = find(name)
    id_ = records.create(tx, kind, call.fields())
    return Answer(201, {"id": id_, "success": True, "errors": []}, _location(call, kind, id_))


def read(call: Call, tx: Transaction, name: str, id_: str) -> Answer:
    kind = find(name)
    return _shown(call, kind, _by_id(tx, kind, id_))


def update(call: Call, tx: Transaction, name: str, id_: str) -> Answer:
    kind = find(name)
    record = _aimed_at(tx, kind, id_)
    _refuse_if_changed(call, record)
    records.update(tx, kind, record, call.fields())
    return Answer(204)


def delete(call: Call, tx: Transaction, name: str, id_: str) -> Answer:
    kind = find(name)
    record = _aimed_at(tx, kind, id_)
    _refuse_if_changed(call, record)
    records.delete(tx, kind, record)
    return Answer(204)


def read_by_key(call: Call, tx: Transaction, name: str, field: str, value: str) -> Answer:
    kind = find(name)
    found = having(tx, kind, records.external_field(kind, field), value)
    if len(found) > 1:
        return _several(call, kind, found)
    if not found:
        raise not_found()
    return _shown(call, kind, found[0])


def upsert(call: Call, tx: Transaction, name: str, field: str, value: str) -> Answer:
    """201 when it was created, 200 when it was there, 300 when nobody can say which one is meant."""
    kind = find(name)
    key = records.external_field(kind, field)
    given = call.fields()
    if any(each.lower() == key.name.lower() for each in given):
        message = f"The {key.name} field should not be specified in the sobject data."
        raise Refused(400, "INVALID_FIELD", message)
    found = having(tx, kind, key, value)
    if len(found) > 1:
        return _several(call, kind, found)
    if found:
        _refuse_if_changed(call, found[0])
        records.update(tx, kind, found[0], given)
        return Answer(200, {"id": found[0]["Id"], "success": True, "errors": [], "created": False})
    if call.flag("updateOnly") or key.name == "Id":
        raise not_found()
    id_ = records.create(tx, kind, given | {key.name: value})
    body = {"id": id_, "success": True, "errors": [], "created": True}
    return Answer(201, body, _location(call, kind, id_))


def delete_by_key(call: Call, tx: Transaction, name: str, field: str, value: str) -> Answer:
    kind = find(name)
    found = having(tx, kind, records.external_field(kind, field), value)
    if len(found) > 1:
        return _several(call, kind, found)
    if not found:
        raise not_found()
    records.delete(tx, kind, found[0])
    return Answer(204)


def having(tx: Transaction, kind: SObject, field: Field, value: str) -> list[Record]:
    if field.name == "Id":
        record = tx.alive(kind, canonical(value) or "")
        return [record] if record else []
    return tx.having(kind, field.name, value)


def updated(call: Call, tx: Transaction, name: str) -> Answer:
    kind = find(name)
    changed, covered = _span(call, tx)
    ids = [r["Id"] for r in tx.org.seen(kind) if not r["IsDeleted"] and changed(r)]
    return Answer(200, {"ids": ids, "latestDateCovered": covered})


def deleted(call: Call, tx: Transaction, name: str) -> Answer:
    kind = find(name)
    changed, covered = _span(call, tx)
    gone = [
        {"id": r["Id"], "deletedDate": r["SystemModstamp"]} for r in tx.org.seen(kind) if r["IsDeleted"] and changed(r)
    ]
    earliest = spelled(tx.at - REMEMBERED)
    return Answer(200, {"deletedRecords": gone, "earliestDateAvailable": earliest, "latestDateCovered": covered})


def _span(call: Call, tx: Transaction) -> tuple[Callable[[Record], bool], str]:
    """Salesforce ignores the seconds of both ends, and looks back thirty days at most."""
    start, end = _minute(call, "start"), _minute(call, "end")
    if start < tx.at - REMEMBERED - timedelta(minutes=1):
        raise Refused(400, "INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago")
    if end <= start:
        message = "endDate must be at least one minute greater than startDate"
        raise Refused(400, "INVALID_REPLICATION_DATE", message)
    first, last = spelled(start), spelled(end)
    return lambda record: first <= record["SystemModstamp"] <= last, spelled(min(end, tx.at.replace(second=0)))


def _minute(call: Call, name: str) -> datetime:
    text = call.query.get(name, "")
    try:
        at = datetime.fromisoformat(text)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        message = f"{name} is {text!r}: it must be a date-time such as 2026-01-31T12:00:00Z, with + written as %2B"
        raise Refused(400, "INVALID_REPLICATION_DATE", message) from error
    return at.replace(second=0, microsecond=0)


def _by_id(tx: Transaction, kind: SObject, id_: str) -> Record:
    long = canonical(id_)
    if long is None or not long.startswith(kind.prefix):
        message = f"Provided external ID field does not exist or is not accessible: {id_}"
        raise Refused(404, "NOT_FOUND", message)
    if (record := tx.alive(kind, long)) is None:
        raise not_found()
    return record


def _aimed_at(tx: Transaction, kind: SObject, id_: str) -> Record:
    """A deleted record is told apart from one that never was."""
    record = tx.get(kind, canonical(id_) or "")
    if record is not None and record["IsDeleted"]:
        raise Refused(404, "ENTITY_IS_DELETED", "entity is deleted")
    return _by_id(tx, kind, id_)


def _shown(call: Call, kind: SObject, record: Record) -> Answer:
    _refuse_if_changed(call, record)
    names = call.query.get("fields")
    modified = datetime.fromisoformat(record["LastModifiedDate"])
    headers = {"Last-Modified": format_datetime(modified.astimezone(UTC), usegmt=True)}
    since = _dated(call, "if-modified-since")
    if since and modified <= since:
        return Answer(304, headers=headers)
    return Answer(200, whole(kind, record, call.root, names.split(",") if names else None), headers)


def _refuse_if_changed(call: Call, record: Record) -> None:
    since = _dated(call, "if-unmodified-since")
    if since and datetime.fromisoformat(record["LastModifiedDate"]) > since:
        message = "The resource was modified since the date in the If-Unmodified-Since header"
        raise Refused(412, "PRECONDITION_FAILED", message)


def _dated(call: Call, header: str) -> datetime | None:
    text = call.headers.get(header)
    if not text:
        return None
    try:
        at = parsedate_to_datetime(text)
    except ValueError as error:
        raise Refused(400, "INVALID_HEADER", f"{header} is {text!r}: it must be an HTTP date in GMT") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _several(call: Call, kind: SObject, found: list[Record]) -> Answer:
    return Answer(300, [f"{call.root}/sobjects/{kind.name}/{record['Id']}" for record in found])


def _location(call: Call, kind: SObject, id_: str) -> dict[str, str]:
    return {"Location": f"{call.root}/sobjects/{kind.name}/{id_}"}
