"""The metadata catalog: the schema the simulator lives by, in the words of JSON Schema and OpenAPI."""

from collections.abc import Iterable, Sequence
from typing import Any

from throughline.sandbox.netsuite.catalogue import TYPES, named
from throughline.sandbox.netsuite.problems import invalid_parameter
from throughline.sandbox.netsuite.rendering import self_link
from throughline.sandbox.netsuite.schema import Field, RecordType

SCHEMA, OPENAPI = "application/schema+json", "application/swagger+json"
_SIMPLE: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer", "format": "int64"},
    "number": {"type": "number", "format": "double"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}


def listing(root: str) -> dict[str, Any]:
    """Every record type, with where to read more about it."""
    return {
        "links": self_link(f"{root}/metadata-catalog"),
        "items": [{"name": name, "links": _described_by(root, name)} for name in TYPES],
    }


def json_schema(type_: RecordType, root: str) -> dict[str, Any]:
    return {
        "type": "object",
        "title": type_.title,
        "properties": _properties(type_, root),
        "x-ns-filterable": [field.name for field in type_.fields if field.kind in {*_SIMPLE, "reference", "choice"}],
        "$schema": "https://json-schema.org/draft-06/hyper-schema#",
        "links": self_link(f"{root}/metadata-catalog/{type_.name}"),
    }


def openapi(root: str, select: Sequence[str]) -> dict[str, Any]:
    types = [_known(name) for name in select] if select else list(TYPES.values())
    return {
        "openapi": "3.0.1",
        "info": {"title": "NetSuite REST Record API", "version": "v1"},
        "servers": [{"url": root}],
        "paths": {path: operations for type_ in types for path, operations in _paths(type_).items()},
        "components": {
            "schemas": {type_.name: {"type": "object", "properties": _properties(type_, root)} for type_ in types}
        },
    }


def _paths(type_: RecordType) -> dict[str, Any]:
    ref = {"$ref": f"#/components/schemas/{type_.name}"}
    content = {"application/vnd.oracle.resource+json; type=singular": {"schema": ref}}
    key = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    done = {"204": {"description": "No content"}}
    collection = {
        "get": {"summary": "Get list of records", "responses": {"200": {"description": "List of records"}}},
        "post": {"summary": "Insert record", "requestBody": {"content": content}, "responses": done},
    }
    single = {
        "parameters": key,
        "get": {"summary": "Get record", "responses": {"200": {"description": "Get record", "content": content}}},
        "patch": {"summary": "Update record", "requestBody": {"content": content}, "responses": done},
        "put": {"summary": "Insert or update record", "requestBody": {"content": content}, "responses": done},
        "delete": {"summary": "Remove record", "responses": done},
    }
    return {f"/{type_.name}": collection, f"/{type_.name}/{{id}}": single}


def _properties(type_: RecordType, root: str) -> dict[str, Any]:
    properties = _of(type_.fields, root)
    for sublist in type_.sublists:
        lines = {"type": "array", "items": {"type": "object", "properties": _of(sublist.fields, root)}}
        properties[sublist.name] = {
            "title": sublist.title,
            "type": "object",
            "properties": {"items": lines},
            "x-ns-sublist-key": sublist.key,
        }
    return properties


def _of(fields: Iterable[Field], root: str) -> dict[str, Any]:
    return {field.name: _property(field, root) for field in fields}


def _property(field: Field, root: str) -> dict[str, Any]:
    said: dict[str, Any] = {"title": field.title, **_shape(field, root), "nullable": not field.required}
    if field.kind == "string":
        said["maxLength"] = field.length
    if field.read_only:
        said["readOnly"] = True
    if field.name.startswith(("custbody", "custcol", "custentity")):
        said["x-ns-custom-field"] = True
    return said


def _shape(field: Field, root: str) -> dict[str, Any]:
    match field.kind:
        case "reference":
            properties = {"id": {"type": "string"}, "externalId": {"type": "string"}, "refName": {"type": "string"}}
            return {"type": "object", "properties": properties, "links": _described_by(root, field.to)}
        case "references":
            return {
                "type": "object",
                "properties": {"items": {"type": "array"}},
                "links": _described_by(root, field.to),
            }
        case "choice":
            id_: dict[str, Any] = {"type": "string"}
            if field.choices:
                id_["enum"] = list(field.choices)
            return {"type": "object", "properties": {"id": id_, "refName": {"type": "string"}}}
        case "subrecord":
            return {"type": "object", "properties": _of(field.fields, root)}
        case _:
            return dict(_SIMPLE[field.kind])


def _described_by(root: str, name: str) -> list[dict[str, str]]:
    href = f"{root}/metadata-catalog/{name}"
    kinds = {"canonical": "application/json", "describes": SCHEMA, "alternate": OPENAPI}
    return [{"rel": rel, "href": href, "mediaType": media} for rel, media in kinds.items()]


def _known(name: str) -> RecordType:
    type_ = named(name)
    if type_ is None:
        raise invalid_parameter(f"Record type '{name}' does not exist.", "select")
    return type_
