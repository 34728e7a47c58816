"""Which records a listing asks for. A parameter the collection does not know is ignored, as Kantata ignores it."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime

from throughline.sandbox.kantata.derived import derived
from throughline.sandbox.kantata.errors import bad_request
from throughline.sandbox.kantata.reading import Reader, Record
from throughline.sandbox.kantata.schema.shape import Collection

type Query = Mapping[str, str]
type Test = Callable[[Record], bool]

MOMENT = re.compile(r"(created|updated|last_synced)_(after|before)")
DAY = re.compile(r"(start_date|due_date|date_performed|date)_(after|before)")
BETWEEN = re.compile(r"(date_performed|date)_between")
REFERENCE = re.compile(r"external_reference_(service_name|service_model|service_model_refs?|status)")
DATED = {"time_entries": "date_performed", "expenses": "date", "billing_milestones": "date_to_invoice"}


def tests(collection: Collection, reader: Reader, query: Query, references: Test) -> Iterable[Test]:
    """One test per parameter understood. `references` says which external references a search can see yet."""
    yield from DEFAULTS.get(collection.name, lambda _: ())(query)
    for name, value in query.items():
        if value != "" and (test := _test(collection, reader, name, value, references)):
            yield test


def _test(collection: Collection, reader: Reader, name: str, value: str, references: Test) -> Test | None:
    if name.startswith(("external_reference_", "has_external_references")):
        return _referenced(collection, reader, name, value, references)
    if name in ("matching", "search"):
        return _search(collection, name, value)
    return _timed(collection, name, value) or _field(collection, reader, name, value)


RENAMED = {"only": "id", "event_types": "event_type", "user_ids": "user_id"}


def _timed(collection: Collection, name: str, value: str) -> Test | None:
    if found := MOMENT.fullmatch(name):
        return _moment(f"{found[1]}_at", found[2], value)
    if found := DAY.fullmatch(name):
        return _day(found[1], found[2], value)
    if found := BETWEEN.fullmatch(name):
        return _between(DATED.get(collection.name, found[1]), value)
    return None


def _field(collection: Collection, reader: Reader, name: str, value: str) -> Test | None:
    if collection.name == "workspaces" and name in ("workspace_groups", "workspace_group_id"):
        name = "workspace_group_ids"
    if name in RENAMED:
        return _among(RENAMED[name], value)
    if name in collection.foreign_keys or name in collection.filters:
        return _among(name, value, derive=(collection.name, reader))
    if name.endswith("_ids") and f"{name[:-1]}" in collection.foreign_keys:
        return _among(name[:-1], value)
    return None


def _among(name: str, value: str, derive: tuple[str, Reader] | None = None) -> Test:
    """Equal to one of the values given. A free text may hold a comma, so the whole is tried as well."""
    wanted = {value, *(part.strip() for part in value.split(","))}

    def test(record: Record) -> bool:
        held = record.get(name)
        if name not in record and derive:
            held = derived(derive[0], derive[1], record).get(name)
        return any(_text(each) in wanted for each in (held if isinstance(held, list) else [held]))

    return test


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def moment(value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value.replace(" ", "+"))  # an unescaped plus arrives as a blank
    except ValueError as error:
        raise bad_request(f"{value!r} is not an ISO 8601 datetime") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _moment(name: str, side: str, value: str) -> Test:
    """After means after: a record of the very second asked for is not returned. Readers must overlap."""
    edge = moment(value)

    def test(record: Record) -> bool:
        if not record.get(name):
            return False
        at = datetime.fromisoformat(record[name])
        return at > edge if side == "after" else at < edge

    return test


def _date(value: str) -> str:
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError as error:
        raise bad_request(f"{value!r} is not an ISO 8601 date") from error


def _day(name: str, side: str, value: str) -> Test:
    edge = _date(value)
    if side == "after":
        return lambda record: bool(record.get(name)) and record[name] > edge
    return lambda record: bool(record.get(name)) and record[name] < edge


def _between(name: str, value: str) -> Test:
    first, _, last = value.replace(";", ":").partition(":")
    begin, end = _date(first), _date(last or first)
    return lambda record: bool(record.get(name)) and begin <= record[name] <= end


def _referenced(collection: Collection, reader: Reader, name: str, value: str, seen: Test) -> Test | None:
    def there(record: Record) -> Iterable[Record]:
        held = reader.by("external_references", "subject_id", record["id"])
        return (each for each in held if each["subject_type"] == collection.model and seen(each))

    if name == "has_external_references":
        return lambda record: any(there(record)) == (value == "true")
    if not (found := REFERENCE.fullmatch(name)):
        return None
    among = _among("service_model_ref" if name.endswith("_refs") else found[1], value)
    return lambda record: any(map(among, there(record)))


def _search(collection: Collection, name: str, value: str) -> Test | None:
    if not collection.searched:
        if name == "matching":
            return None
        raise bad_request(f"Search is not supported for {collection.name}")
    needles = value.lower().split()

    def test(record: Record) -> bool:
        hay = " ".join(str(record.get(field) or "") for field in collection.searched).lower()
        return all(needle in hay for needle in needles)

    return test


def _unarchived(query: Query) -> Iterable[Test]:
    match query.get("archived"), query.get("include_archived"):
        case ("only", _):
            yield lambda record: record["archived"]
        case ("include", _) | (None, "true"):
            return
        case _:
            yield lambda record: not record["archived"]


def _named(query: Query) -> Iterable[Test]:
    if query.get("only_unnamed") == "true":
        yield lambda record: record["user_id"] is None
    elif query.get("include_unnamed") != "true":
        yield lambda record: record["user_id"] is not None


def _parents(query: Query) -> Iterable[Test]:
    if query.get("parents_only") == "true":
        yield lambda record: record["parent_id"] is None


DEFAULTS: dict[str, Callable[[Query], Iterable[Test]]] = {
    "workspaces": _unarchived,
    "workspace_resources": _named,
    "stories": _parents,
}
"""Filters Kantata applies unasked: archived projects and unnamed resources are not in a plain listing."""
