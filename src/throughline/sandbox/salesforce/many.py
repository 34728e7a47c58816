"""Up to 200 records in one call: `composite/sobjects`, with a result for each of them."""

from collections.abc import Callable, Iterable
from typing import Any

from throughline.sandbox.salesforce import records
from throughline.sandbox.salesforce.describe import find
from throughline.sandbox.salesforce.ids import canonical
from throughline.sandbox.salesforce.objects import SCHEMA
from throughline.sandbox.salesforce.org import Transaction
from throughline.sandbox.salesforce.render import whole
from throughline.sandbox.salesforce.schema import SObject
from throughline.sandbox.salesforce.wire import Answer, Call, Refused

type Given = dict[str, Any]

MOST = 200
_ROLLED_BACK = (
    "Record rolled back because not all records were valid and the request was using AllOrNone header"  # verbatim
)


def create(call: Call, tx: Transaction) -> Answer:
    def one(given: Given) -> Given:
        return _done(records.create(tx, _kind(given), given))

    return _each(tx, _given(call), one, all_or_none=_all_or_none(call))


def update(call: Call, tx: Transaction) -> Answer:
    def one(given: Given) -> Given:
        kind, id_ = _kind(given), _value(given, "Id")
        if id_ is None:
            raise Refused(400, "MISSING_ARGUMENT", "Id not specified in an update call")
        record = records.existing(tx, kind, id_)
        records.update(tx, kind, record, _without(given, "Id"))
        return _done(record["Id"])

    return _each(tx, _given(call), one, all_or_none=_all_or_none(call))


def upsert(call: Call, tx: Transaction, name: str, field: str) -> Answer:
    kind = find(name)
    key = records.external_field(kind, field).name

    def one(given: Given) -> Given:
        if _kind(given) is not kind:
            raise Refused(400, "INVALID_INPUT", f"The record's type is not {kind.name}, as the address says")
        value = _value(given, key)
        if value is None or value == "":
            raise Refused(400, "MISSING_ARGUMENT", f"{key} not specified")
        return _upserted(tx, kind, key, given)

    given = _given(call)
    keys = [str(_value(each, key)).casefold() for each in given if _value(each, key)]
    if doubled := next((each for each in keys if keys.count(each) > 1), None):
        raise Refused(400, "DUPLICATE_VALUE", f"Duplicate external id specified: {doubled}")
    return _each(tx, given, one, all_or_none=_all_or_none(call))


def delete(call: Call, tx: Transaction) -> Answer:
    ids = [each.strip() for each in call.query.get("ids", "").split(",") if each.strip()]

    def one(id_: str) -> Given:
        kind = next((each for each in SCHEMA.objects if id_.startswith(each.prefix)), None)
        if kind is None:
            raise Refused(400, "MALFORMED_ID", f"malformed id {id_}")
        record = records.existing(tx, kind, id_)
        records.delete(tx, kind, record)
        return _done(record["Id"])

    return _each(tx, _counted(ids), one, all_or_none=call.flag("allOrNone"))


def read(call: Call, tx: Transaction, name: str) -> Answer:
    return _read(call, tx, name, call.query.get("ids", "").split(","), call.query.get("fields", "Id").split(","))


def read_listed(call: Call, tx: Transaction, name: str) -> Answer:
    body = call.fields()
    ids, fields = body.get("ids") or [], body.get("fields") or ["Id"]
    for each in (ids, fields):
        if not isinstance(each, list) or not all(isinstance(item, str) for item in each):
            raise Refused(400, "JSON_PARSER_ERROR", "The body needs a list of ids and a list of fields, as text")
    return _read(call, tx, name, ids, fields)


def _read(call: Call, tx: Transaction, name: str, ids: list[str], fields: list[str]) -> Answer:
    kind = find(name)
    found = [tx.alive(kind, canonical(id_.strip()) or "") for id_ in _counted(ids)]
    return Answer(200, [whole(kind, record, call.root, fields) if record else None for record in found])


def _upserted(tx: Transaction, kind: SObject, key: str, given: Given) -> Given:
    value, rest = str(_value(given, key)), _without(given, key)
    if key == "Id":
        record = records.existing(tx, kind, value)
        records.update(tx, kind, record, rest)
        return _done(record["Id"]) | {"created": False}
    found = tx.having(kind, key, value)
    if len(found) > 1:
        raise Refused(300, "DUPLICATE_EXTERNAL_ID", f"{key}: more than one record found for external id field")
    if found:
        records.update(tx, kind, found[0], rest)
        return _done(found[0]["Id"]) | {"created": False}
    return _done(records.create(tx, kind, rest | {key: _value(given, key)})) | {"created": True}


def _each[Item](tx: Transaction, items: Iterable[Item], one: Callable[[Item], Given], *, all_or_none: bool) -> Answer:
    start, results = tx.mark(), list[Given]()
    for item in items:
        try:
            results.append(one(item))
        except Refused as refused:
            if refused.code == "JSON_PARSER_ERROR":  # an unreadable body is unreadable as a whole
                raise
            # Nothing to take back: a record is staged only when all its checks have passed.
            results.append(refused.result())
    if all_or_none and not all(result["success"] for result in results):
        tx.back_to(start)
        undone = Refused(400, "ALL_OR_NONE_OPERATION_ROLLED_BACK", _ROLLED_BACK).result()
        results = [undone if result["success"] else result for result in results]
    return Answer(200, results)


def _given(call: Call) -> list[Given]:
    given = call.fields().get("records")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise Refused(400, "JSON_PARSER_ERROR", "The body needs a list of records")
    return _counted(given)


def _counted[Item](items: list[Item]) -> list[Item]:
    if len(items) > MOST:
        message = f"record limit reached. cannot submit more than {MOST} records into this call"
        raise Refused(400, "EXCEEDED_ID_LIMIT", message)
    return items


def _all_or_none(call: Call) -> bool:
    return call.fields().get("allOrNone") is True


def _kind(given: Given) -> SObject:
    attributes = given.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    kind = SCHEMA.find(str(name))
    if kind is None:
        message = f"sObject type '{name}' is not supported." if name else "Each record needs attributes with a type"
        raise Refused(400, "INVALID_TYPE", message)
    return kind


def _value(given: Given, name: str) -> Any:
    return next((value for each, value in given.items() if each.lower() == name.lower()), None)


def _without(given: Given, name: str) -> Given:
    return {each: value for each, value in given.items() if each.lower() != name.lower()}


def _done(id_: str) -> Given:
    return {"id": id_, "success": True, "errors": []}
