"""What the names in a query mean: an object, its fields, and the fields of its parents."""

from collections.abc import Callable
from dataclasses import dataclass

from throughline.sandbox.salesforce.objects import SCHEMA
from throughline.sandbox.salesforce.org import Transaction
from throughline.sandbox.salesforce.schema import Field, SObject
from throughline.sandbox.salesforce.soql_tree import Path, Query
from throughline.sandbox.salesforce.soql_words import pointed
from throughline.sandbox.salesforce.values import Stored
from throughline.sandbox.salesforce.wire import Refused
from throughline.sandbox.shelf import Record

WSDL = "Please reference your WSDL or the describe call for the appropriate names."


@dataclass(frozen=True, slots=True)
class Column:
    """A field, and the references to follow to the record that has it."""

    hops: tuple[Field, ...]
    field: Field


@dataclass(frozen=True, slots=True)
class Scope:
    tx: Transaction
    kind: SObject
    query: Query
    deleted: bool

    def column(self, path: Path) -> Column:
        *route, last = path.parts
        if route and route[0].lower() in {self.kind.name.lower(), (self.query.alias or "").lower()}:
            route = route[1:]
        kind, hops = self.kind, list[Field]()
        for part in route:
            hop = kind.parent(part)
            if hop is None:
                raise self.refused(path, f"Didn't understand relationship '{part}' in field path. {_append('__r')}")
            hops.append(hop)
            kind = SCHEMA[hop.refers_to or ""]
        field = kind.field(last)
        if field is None:
            raise self.refused(path, f"No such column '{last}' on entity '{kind.name}'. {_append('__c')}")
        return Column(tuple(hops), field)

    def reader(self, column: Column) -> Callable[[Record], Stored]:
        name = column.field.name
        if not column.hops:
            return lambda record: record[name]

        def read(record: Record) -> Stored:
            owner: Record | None = record
            for hop in column.hops:
                owner = self.parent(hop, owner) if owner else None
            return owner[name] if owner else None

        return read

    def parent(self, hop: Field, record: Record) -> Record | None:
        id_ = record[hop.name]
        return self.tx.seen_one(SCHEMA[hop.refers_to or ""], id_) if id_ else None

    def refused(self, path: Path, message: str, code: str = "INVALID_FIELD") -> Refused:
        return Refused(400, code, pointed(self.query.text, path.at, message))


def _append(suffix: str) -> str:
    what = "field" if suffix == "__c" else "relationship"
    name = "custom field name" if suffix == "__c" else "custom relationship name"
    return f"If you are attempting to use a custom {what}, be sure to append the '{suffix}' after the {name}. {WSDL}"


def opened(tx: Transaction, query: Query, *, deleted: bool) -> Scope:
    """The scope of a query from an object by name."""
    kind = SCHEMA.find(query.source)
    if kind is None:
        message = (
            f"sObject type '{query.source}' is not supported. If you are attempting to use a custom object, be sure"
            f" to append the '__c' after the entity name. {WSDL}"
        )
        raise Refused(400, "INVALID_TYPE", pointed(query.text, query.text.find(query.source, query.at), message))
    return Scope(tx, kind, query, deleted)
