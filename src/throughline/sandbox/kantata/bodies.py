"""What comes in: JSON or Rails form encoding, wrapped in the singular name, or in the plural for a bulk create."""

import json
import re
from decimal import Decimal
from typing import Any

from aiohttp import web

from throughline.sandbox.kantata.errors import bad_request
from throughline.sandbox.kantata.schema.shape import Collection

type Fields = dict[str, Any]

MOST_AT_ONCE = 100
KEY = re.compile(r"\[([^\]]*)\]")


async def body(request: web.Request) -> Fields:
    """The body as nested values; numbers with a point are decimals, because some of them are money."""
    if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return rails_form([(key, str(value)) for key, value in (await request.post()).items()])
    text = await request.text()
    if not text:
        return {}
    try:
        read = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise bad_request(f"Malformed request body: {error}") from error
    if not isinstance(read, dict):
        raise bad_request("Malformed request body: an object is expected")
    return read


def one(collection: Collection, read: Fields) -> Fields:
    wanted = read.get(collection.singular)
    if not isinstance(wanted, dict) or not wanted:
        raise bad_request(f"param is missing or the value is empty: {collection.singular}")
    return wanted


def one_or_many(collection: Collection, read: Fields) -> list[Fields]:
    many = read.get(collection.name)
    if many is None:
        return [one(collection, read)]
    if not isinstance(many, list) or not many or not all(isinstance(each, dict) for each in many):
        raise bad_request(f"param is missing or the value is empty: {collection.name}")
    if len(many) > MOST_AT_ONCE:
        raise bad_request(f"No more than {MOST_AT_ONCE} {collection.name} can be created in one request")
    return many


def rails_form(pairs: list[tuple[str, str]]) -> Fields:
    """`workspace[title]=x&workspace[workspace_group_ids][]=1` the way Rack reads it."""
    read: Fields = {}
    for key, value in pairs:
        head, *_ = key.partition("[")
        _put(read, [head, *KEY.findall(key[len(head) :])], value)
    return _listed(read)


def _put(into: Fields, path: list[str], value: str) -> None:
    head, *rest = path
    if not rest:
        into[head] = value
    elif rest[0]:
        _put(into.setdefault(head, {}), rest, value)
    elif len(rest) == 1:
        into.setdefault(head, []).append(value)
    else:
        _put_in_list(into.setdefault(head, []), rest[1:], value)


def _put_in_list(rows: list[Fields], path: list[str], value: str) -> None:
    """A repeated key begins the next row: `sub_stories[][title]=a&sub_stories[][title]=b` are two."""
    if not rows or (len(path) == 1 and path[0] in rows[-1]):
        rows.append({})
    _put(rows[-1], path, value)


def _listed(value: Any) -> Any:
    """`time_entries[0][notes]` is a list too: Rails accepts numbered keys."""
    if isinstance(value, list):
        return [_listed(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(each) for key, each in value.items()}
