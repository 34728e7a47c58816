"""How a record on the shelf looks in an answer."""

from decimal import Decimal
from typing import Any

from throughline.sandbox.salesforce.schema import NUMBERS, Field, SObject
from throughline.sandbox.salesforce.wire import Refused
from throughline.sandbox.shelf import Record


def attributes(kind: SObject, id_: str, root: str) -> dict[str, str]:
    return {"type": kind.name, "url": f"{root}/sobjects/{kind.name}/{id_}"}


def shown(field: Field, stored: Any) -> Any:
    return Decimal(stored) if field.type in NUMBERS and stored is not None else stored


def whole(kind: SObject, record: Record, root: str, names: list[str] | None = None) -> dict[str, Any]:
    """All fields of a record, or those that were asked for."""
    fields = kind.fields if names is None else [_field(kind, name) for name in dict.fromkeys([*names, "Id"])]
    return {"attributes": attributes(kind, record["Id"], root)} | {
        field.name: shown(field, record[field.name]) for field in fields
    }


def _field(kind: SObject, name: str) -> Field:
    field = kind.field(name.strip())
    if field is None:
        raise Refused(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}")
    return field
