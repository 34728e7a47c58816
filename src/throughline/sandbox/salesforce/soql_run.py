"""Running a query: which records, in what order, in the envelope Salesforce answers with."""

from collections.abc import Callable, Iterable
from typing import Any

from throughline.sandbox.salesforce.objects import SCHEMA
from throughline.sandbox.salesforce.org import Transaction
from throughline.sandbox.salesforce.render import attributes, shown
from throughline.sandbox.salesforce.schema import Field
from throughline.sandbox.salesforce.soql_scope import WSDL, Column, Scope, opened
from throughline.sandbox.salesforce.soql_tree import Order, Path, Query, Within
from throughline.sandbox.salesforce.soql_where import comparable, passes, wanted_ids
from throughline.sandbox.salesforce.soql_words import pointed
from throughline.sandbox.salesforce.wire import Refused
from throughline.sandbox.shelf import Record

type Show = Callable[[Record], Any]

MOST_SKIPPED = 2000


def run(tx: Transaction, query: Query, *, root: str, deleted: bool) -> tuple[int, list[dict[str, Any]]]:
    """How many records, and the records; a count has only the number."""
    scope = opened(tx, query, deleted=deleted)
    if query.counts:
        return len(_found(scope)), []
    show = _selection(scope, root)
    records = [show(record) for record in _found(scope)]
    return len(records), records


def _found(scope: Scope, link: Field | None = None, parent: str = "") -> list[Record]:
    query = scope.query
    if query.offset > MOST_SKIPPED:
        raise Refused(400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MOST_SKIPPED}")
    lets = passes(scope, query.where, lambda within: _inner(scope, within)) if query.where else _anything
    orders = [(order, scope.column(order.path)) for order in query.orders]
    candidates = _candidates(scope, link, parent)
    records = [record for record in candidates if (scope.deleted or not record["IsDeleted"]) and lets(record)]
    for order, column in reversed(orders):
        records = _sorted(scope, records, order, column)
    end = None if query.limit is None else query.offset + query.limit
    return records[query.offset : end]


def _anything(_record: Record) -> bool:
    return True


def _candidates(scope: Scope, link: Field | None, parent: str) -> Iterable[Record]:
    if link:
        found = scope.tx.narrowed(scope.kind, link.name, [parent])
        return (r for r in (scope.tx.seen(scope.kind) if found is None else found) if r[link.name] == parent)
    pinned = wanted_ids(scope, scope.query.where)
    found = scope.tx.narrowed(scope.kind, *pinned) if pinned else None
    return scope.tx.seen(scope.kind) if found is None else found


def _sorted(scope: Scope, records: list[Record], order: Order, column: Column) -> list[Record]:
    read, field = scope.reader(column), column.field
    known = [record for record in records if read(record) is not None]
    unknown = [record for record in records if read(record) is None]
    known.sort(key=lambda record: comparable(field, read(record)), reverse=order.descending)
    return known + unknown if order.nulls_last else unknown + known


def _inner(scope: Scope, within: Within) -> list[Any]:
    """The values of `IN (SELECT ...)`: one field, evaluated once."""
    query = within.query
    if query is None or len(query.fields) != 1 or not isinstance(query.fields[0], Path):
        raise scope.refused(within.path, "An inner select must select exactly one field", "MALFORMED_QUERY")
    inner = opened(scope.tx, query, deleted=scope.deleted)
    read = inner.reader(inner.column(query.fields[0]))
    return [value for record in _found(inner) if (value := read(record)) is not None]


def _selection(scope: Scope, root: str) -> Show:
    """One function per selected name; parents of the same relationship share one."""
    shows: dict[str, Show] = {}
    parents: dict[str, list[Column]] = {}
    for item in scope.query.fields:
        if isinstance(item, Query):
            name, envelope = _child(scope, item, root)
            shows[name] = envelope
            continue
        column = scope.column(item)
        if column.hops:
            relationship = column.hops[0].relationship or ""
            columns = parents.setdefault(relationship, [])
            columns.append(column)
            shows[relationship] = _parent(scope, columns, root)
        elif column.field.name in shows:
            raise scope.refused(item, f"duplicate field selected: {column.field.name}")
        else:
            shows[column.field.name] = _plain(column.field)
    kind = scope.kind

    def show(record: Record) -> dict[str, Any]:
        return {"attributes": attributes(kind, record["Id"], root)} | {n: each(record) for n, each in shows.items()}

    return show


def _plain(field: Field) -> Show:
    return lambda record: shown(field, record[field.name])


def _parent(scope: Scope, columns: list[Column], root: str) -> Show:
    def show(record: Record) -> Any:
        return _followed(scope, columns, record, root)

    return show


def _followed(scope: Scope, columns: list[Column], record: Record, root: str) -> dict[str, Any] | None:
    hop = columns[0].hops[0]
    parent = scope.parent(hop, record)
    if parent is None:
        return None
    answer: dict[str, Any] = {"attributes": attributes(SCHEMA[hop.refers_to or ""], parent["Id"], root)}
    further: dict[str, list[Column]] = {}
    for column in columns:
        rest = Column(column.hops[1:], column.field)
        if rest.hops:
            further.setdefault(rest.hops[0].relationship or "", []).append(rest)
        else:
            answer[rest.field.name] = shown(rest.field, parent[rest.field.name])
    return answer | {name: _followed(scope, rest, parent, root) for name, rest in further.items()}


def _child(scope: Scope, query: Query, root: str) -> tuple[str, Show]:
    found = SCHEMA.child(scope.kind, query.source)
    if found is None:
        message = (
            f"Didn't understand relationship '{query.source}' in FROM part of query call. If you are attempting to"
            f" use a custom relationship, be sure to append the '__r' after the custom relationship name. {WSDL}"
        )
        raise Refused(400, "INVALID_TYPE", pointed(query.text, query.text.find(query.source, query.at), message))
    kind, link = found
    inner = Scope(scope.tx, kind, query, scope.deleted)
    show = _selection(inner, root)
    _found(inner, link)  # a mistake in it is a mistake even when there is no parent

    def envelope(record: Record) -> dict[str, Any] | None:
        records = [show(each) for each in _found(inner, link, record["Id"])]
        return {"totalSize": len(records), "done": True, "records": records} if records else None

    return link.children or "", envelope
