"""The record service: which call does what to which record."""

from collections.abc import Sequence
from typing import Any, cast
from zoneinfo import ZoneInfo

from throughline.sandbox.netsuite import metadata
from throughline.sandbox.netsuite.calls import RESOURCE, Call, Reply
from throughline.sandbox.netsuite.catalogue import named
from throughline.sandbox.netsuite.filters import parse_filter
from throughline.sandbox.netsuite.paging import page_of
from throughline.sandbox.netsuite.problems import (
    invalid_content,
    invalid_header,
    invalid_parameter,
    no_such_resource,
    nonexistent,
    not_allowed,
)
from throughline.sandbox.netsuite.records import Edit, Records, Written
from throughline.sandbox.netsuite.rendering import View, self_link
from throughline.sandbox.netsuite.schema import RecordType
from throughline.sandbox.netsuite.wire import read
from throughline.sandbox.shelf import Record

NAMES = "X-NetSuite-PropertyNameValidation"


class Resources:
    """Answers everything below /record/v1."""

    def __init__(self, records: Records, zone: ZoneInfo) -> None:
        self.records, self._zone = records, zone

    def answer(self, call: Call) -> Reply:
        match call.path[2:]:
            case ("metadata-catalog", *rest):
                return self._metadata(call, rest)
            case (type_name,):
                return self._collection(call, _type(type_name))
            case (type_name, key):
                return self._record(call, _type(type_name), key)
            case (type_name, key, part, *rest):
                return self._part(call, _type(type_name), key, (part, *rest))
            case _:
                raise no_such_resource("/".join(call.path))

    def _collection(self, call: Call, type_: RecordType) -> Reply:
        match call.method:
            case "GET":
                return self._list(call, type_)
            case "POST":
                return self._done(call, type_, self.records.create(type_, self._edit(call)))
            case _:
                raise not_allowed(call.method)

    def _record(self, call: Call, type_: RecordType, key: str) -> Reply:
        match call.method:
            case "GET":
                only = [name for name in call.query.get("fields", "").split(",") if name]
                return _shown(self._view(call, only).record(type_, self.records.get(type_, key)))
            case "PATCH":
                return self._done(call, type_, self.records.edit(type_, key, self._edit(call)))
            case "PUT":
                if not key.removeprefix("eid:") or not key.startswith("eid:"):
                    raise not_allowed("PUT")
                return self._done(call, type_, self.records.upsert(type_, key[4:], self._edit(call)))
            case "DELETE":
                self.records.delete(type_, key, actor=call.actor)
                return Reply(status=204)
            case _:
                raise not_allowed(call.method)

    def _part(self, call: Call, type_: RecordType, key: str, path: tuple[str, ...]) -> Reply:
        """A sublist on its own, or one line of it."""
        sublist = type_.sublist(path[0])
        if sublist is None or len(path) > 2:
            raise no_such_resource("/".join(call.path))
        if call.method != "GET":
            raise not_allowed(call.method)
        record = self.records.get(type_, key)
        lines: list[dict[str, Any]] = record.get(sublist.name, [])
        at = call.url("record", "v1", type_.name, record["id"], sublist.name)
        if len(path) == 2:
            line = next((line for line in lines if str(line[sublist.key]) == path[1]), None)
            if line is None:
                raise nonexistent()
            return _shown(self._view(call).line(sublist, line, at))
        items = [{"links": self_link(f"{at}/{line[sublist.key]}")} for line in lines]
        if call.query.get("expandSubResources") == "true":
            items = [self._view(call).line(sublist, line, at) for line in lines]
        return _shown({"links": self_link(at), "items": items, "totalResults": len(items)})

    def _list(self, call: Call, type_: RecordType) -> Reply:
        page = page_of(call.query)
        records: Sequence[Record] = list(self.records.shelf.all(type_.name).values())
        url = call.url("record", "v1", type_.name)
        if q := call.query.get("q"):
            test = parse_filter(q, type_, self._zone)
            records = [record for record in records if test(record)]
        items = [
            {"links": self_link(call.url("record", "v1", type_.name, record["id"])), "id": record["id"]}
            for record in page.of(records)
        ]
        return Reply(body=page.envelope(url, items, len(records)), content_type=f"{RESOURCE}; type=collection")

    def _metadata(self, call: Call, path: Sequence[str]) -> Reply:
        if call.method != "GET":
            raise not_allowed(call.method)
        root, wanted = call.url("record", "v1"), call.header("Accept")
        if not path:
            if metadata.OPENAPI in wanted:
                select = [name for name in call.query.get("select", "").split(",") if name]
                return Reply(body=metadata.openapi(root, select), content_type=metadata.OPENAPI)
            return Reply(body=metadata.listing(root))
        type_ = _type(path[0])
        if metadata.OPENAPI in wanted:
            return Reply(body=metadata.openapi(root, [type_.name]), content_type=metadata.OPENAPI)
        return Reply(body=metadata.json_schema(type_, root), content_type=metadata.SCHEMA)

    def _edit(self, call: Call) -> Edit:
        validation = call.header(NAMES).lower() or "warning"
        if validation not in {"error", "warning", "ignore"}:
            raise invalid_header(f"Invalid value '{validation}'. Use Error, Warning or Ignore.", NAMES)
        swapped = frozenset(name for name in call.query.get("replace", "").split(",") if name)
        return Edit(body=body_of(call.body), actor=call.actor, strict=validation == "error", replace=swapped)

    def _done(self, call: Call, type_: RecordType, written: Written) -> Reply:
        headers = {"Location": call.url("record", "v1", type_.name, written.id)}
        if written.unknown and call.header(NAMES).lower() != "ignore":
            headers["X-NetSuite-Warning"] = f"Unknown properties: {', '.join(written.unknown)}"
        return Reply(status=204, headers=headers)

    def _view(self, call: Call, only: Sequence[str] = ()) -> View:
        expand = call.query.get("expandSubResources", "false").lower()
        if expand not in {"true", "false"}:
            raise invalid_parameter("Invalid value for the query parameter 'expandSubResources'.", "expandSubResources")
        return View(self.records.shelf, call.url("record", "v1"), expand == "true", only)


def body_of(sent: bytes) -> dict[str, Any]:
    try:
        body = read(sent)
    except ValueError:
        raise invalid_content("Invalid content in the request body. It is not JSON.") from None
    if not isinstance(body, dict):
        raise invalid_content("Invalid content in the request body. A JSON object is expected.")
    return cast("dict[str, Any]", body)


def _type(name: str) -> RecordType:
    type_ = named(name)
    if type_ is None:
        raise no_such_resource(name)
    return type_


def _shown(body: dict[str, Any]) -> Reply:
    return Reply(body=body, content_type=f"{RESOURCE}; type=singular")
