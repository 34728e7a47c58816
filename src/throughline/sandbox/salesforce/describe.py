"""What the org says about itself: its versions, its objects and their fields."""

from typing import Any

from throughline.sandbox.salesforce.objects import SCHEMA
from throughline.sandbox.salesforce.org import Transaction
from throughline.sandbox.salesforce.schema import NUMBERS, Field, SObject
from throughline.sandbox.salesforce.wire import Answer, Call, not_found

FIRST_VERSION, LAST_VERSION = 50, 68
_SEASONS = ("Winter", "Spring", "Summer")
_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
}
_RESOURCES = ("sobjects", "query", "queryAll", "composite", "limits")


def versions() -> list[dict[str, str]]:
    return [
        {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(FIRST_VERSION, LAST_VERSION + 1)
    ]


def resources(call: Call, _tx: Transaction) -> Answer:
    return Answer(200, {name: f"{call.root}/{name}" for name in _RESOURCES})


def everything(call: Call, _tx: Transaction) -> Answer:
    described = [_summary(kind, call.root) for kind in SCHEMA.objects]
    return Answer(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": described})


def basic(call: Call, _tx: Transaction, name: str) -> Answer:
    return Answer(200, {"objectDescribe": _summary(find(name), call.root), "recentItems": list[Any]()})


def full(call: Call, _tx: Transaction, name: str) -> Answer:
    kind = find(name)
    children = [
        {
            "childSObject": child.name,
            "field": link.name,
            "relationshipName": link.children,
            "cascadeDelete": link.cascade,
        }
        for child, link in SCHEMA.children(kind)
    ]
    described = {"fields": [_field(field) for field in kind.fields], "childRelationships": children}
    return Answer(200, _summary(kind, call.root) | described | {"recordTypeInfos": list[Any]()})


def find(name: str) -> SObject:
    kind = SCHEMA.find(name)
    if kind is None:
        raise not_found()
    return kind


def _label(version: int) -> str:
    """Three releases a year: 68 is Winter '27."""
    year, season = divmod(version - LAST_VERSION, len(_SEASONS))
    return f"{_SEASONS[season]} '{27 + year}"


def _summary(kind: SObject, root: str) -> dict[str, Any]:
    base = f"{root}/sobjects/{kind.name}"
    can = dict.fromkeys(("createable", "updateable", "deletable", "undeletable"), kind.writable)
    does = dict.fromkeys(("queryable", "retrieveable", "searchable", "replicateable", "layoutable"), True)
    return {
        "name": kind.name,
        "label": _singular(kind.plural),
        "labelPlural": kind.plural,
        "keyPrefix": kind.prefix,
        "custom": kind.name.endswith("__c"),
        "customSetting": False,
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"},
        **can,
        **does,
    }


def _singular(plural: str) -> str:
    return f"{plural[:-3]}y" if plural.endswith("ies") else plural.removesuffix("s")


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "soapType": "xsd:double" if field.type in NUMBERS else _SOAP.get(field.type, "xsd:string"),
        "length": field.length,
        "byteLength": field.length * 3,
        "precision": field.precision,
        "scale": field.scale,
        "nillable": not field.required and field.type not in {"boolean", "id"},
        "createable": field.createable,
        "updateable": field.updateable,
        "calculated": False,
        "custom": field.custom,
        "externalId": field.external_id,
        "idLookup": field.external_id or field.type == "id",
        "unique": field.unique,
        "caseSensitive": False,
        "filterable": field.filterable,
        "sortable": field.filterable,
        "groupable": field.filterable and field.type not in NUMBERS,
        "defaultValue": field.default,
        "defaultedOnCreate": field.default is not None or field.type == "boolean" or field.name == "OwnerId",
        "restrictedPicklist": field.restricted,
        "picklistValues": [
            {"active": True, "defaultValue": choice == field.default, "label": choice, "value": choice}
            for choice in field.choices
        ],
        "referenceTo": [field.refers_to] if field.refers_to else [],
        "relationshipName": field.relationship,
        "cascadeDelete": field.cascade,
    }
