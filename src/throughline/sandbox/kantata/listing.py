"""A listing: filter, order, cut to a page."""

from collections.abc import Iterable, Sequence

from throughline.sandbox.kantata.derived import derived
from throughline.sandbox.kantata.filters import Query, Test
from throughline.sandbox.kantata.presenting import Page, Wish
from throughline.sandbox.kantata.reading import Reader, Record
from throughline.sandbox.kantata.schema.shape import Collection

SIZE = 20


def select(records: Iterable[Record], tests: Iterable[Test]) -> list[Record]:
    wanted = list(tests)
    return [record for record in records if all(test(record) for test in wanted)]


def ordered(collection: Collection, reader: Reader, records: list[Record], wish: str) -> list[Record]:
    """An order nobody knows falls back to the collection's own. Ties are broken by id, so pages are stable."""
    name, _, direction = wish.partition(":")
    if name not in {*collection.attributes, "created_at", "updated_at"}:
        name, _, direction = collection.order.partition(":")
    records.sort(key=lambda record: int(record["id"]))
    records.sort(key=lambda record: _key(collection, reader, record, name), reverse=direction == "desc")
    return records


def _key(collection: Collection, reader: Reader, record: Record, name: str) -> tuple[bool, int, str]:
    value = record.get(name)
    if name not in record:
        value = derived(collection.name, reader, record).get(name)
    if name == "id" or isinstance(value, int):
        return (True, int(value or 0), "")
    return (value is not None, 0, str(value or ""))


def cut(collection: Collection, records: Sequence[Record], query: Query) -> tuple[Sequence[Record], Page]:
    """`limit` and `offset` win over `page` and `per_page` when both are there."""
    if "limit" in query and "offset" in query:
        size = _number(query["limit"], SIZE, most=collection.most)
        start = _number(query["offset"], 0, least=0)
    else:
        size = _number(query.get("per_page", ""), SIZE, most=collection.most)
        start = (_number(query.get("page", ""), 1) - 1) * size
    return records[start : start + size], Page(count=len(records), number=start // size + 1, size=size)


def _number(text: str, otherwise: int, *, least: int = 1, most: int | None = None) -> int:
    number = int(text) if text.isdecimal() else otherwise
    return min(max(number, least), most or number)


def wish_of(query: Query) -> Wish:
    optional = query.get("optional_fields") or query.get("optional_fields[]") or ""
    return Wish(include=_names(query.get("include", "")), optional=frozenset(_names(optional)))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
