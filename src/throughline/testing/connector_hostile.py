"""What the outside world may throw at a connector: answers, deliveries and records that nobody expects."""

import json
import random
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from throughline.core import exact
from throughline.core.connector import Answer
from throughline.core.forms import Record

STATUSES = (100, 204, 200, 201, 300, 302, 400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503, 504, 599, 999)
JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, Decimal("1.5"), Decimal("1E+400"), "", "x", "x" * 5000, "NaN", "2026-13-45", "\ud800",
    [], [None], [[]], [{}], {}, {"id": None}, {"records": None}, {"items": [None]},
)  # fmt: skip
ERROR_KEYS = ("error", "errors", "errorCode", "message", "fields", "detail", "code", "status", "o:errorDetails", "ok")
HEADERS: tuple[dict[str, str], ...] = (
    {}, {"retry-after": "7"}, {"retry-after": "-1"}, {"retry-after": "soon"}, {"retry-after": "²"},
    {"retry-after": "9" * 400}, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, {"location": ""},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that a connector made."""

    method: str
    path: str
    params: Dict[str, str]
    json: Any
    headers: Dict[str, str]
    text: str = ""

    def mentions(self, text: str) -> bool:
        body = "" if self.json is None else exact.dumps(self.json)
        return any(text in part for part in (self.path, *self.params.values(), body, self.text, *self.headers.values()))


class Heard(Exception):
    """The request was heard; there is nobody to answer it."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(f"{asked.method} {asked.path}")
        self.asked = asked


@dataclass(frozen=True, slots=True)
class Listener:
    """An Http that hears the first request and ends the conversation there."""

    settings: Dict[str, str] = field(default_factory=dict[str, str])

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Dict[str, str] | None = None,
        json: Any = None,
        headers: Dict[str, str] | None = None,
        text: str | None = None,
        reads: bool = False,
    ) -> Answer:
        del reads
        raise Heard(Asked(method, path, params or {}, json, headers or {}, text or ""))


def answers() -> Iterator[Answer]:
    """Every status with bodies of every shape, and shapes that are nearly those of a real error."""
    pages = ("", "<html><body>Maintenance</body></html>", "\x00\xff", "[" * 50)
    bodies = [*JUNK, *([each] for each in JUNK)]
    for key in ERROR_KEYS:
        for junk in JUNK:
            bodies += [{key: junk}, [{key: junk}], {key: [dict.fromkeys(ERROR_KEYS, junk)]}]
    for status in STATUSES:
        for headers in HEADERS:
            yield from (Answer(status, headers, None, text) for text in pages)
        yield from (Answer(status, {}, body, _shown(body)) for body in bodies)


def spoiled(record: Any, chance: random.Random) -> Iterator[Any]:
    """The record with one value after another replaced by junk, or gone."""
    for path in _paths(record):
        yield _replaced(record, path, None, gone=True)
        for junk in chance.sample(JUNK, 6):
            yield _replaced(record, path, junk, gone=False)


def deliveries(good: bytes, chance: random.Random) -> Iterator[bytes]:
    """Bytes that are no delivery, and deliveries with a piece of them spoiled."""
    yield from (b"", b"null", b"[]", b"7", b'"x"', b"{}", b"NaN", b"\xff\xfe", b"[" * 100_000, b"1e999999999", b"{" * 9)
    yield from (chance.randbytes(chance.randrange(1, 200)) for _ in range(50))
    yield from (good[:at] for at in range(0, len(good), max(1, len(good) // 20)))
    try:
        parsed: Any = json.loads(good)
    except ValueError:
        return
    for each in spoiled(parsed, chance):
        yield json.dumps(each, default=str).encode()


def flipped(data: bytes) -> Iterator[bytes]:
    """Every copy that differs in one bit."""
    for at in range(len(data)):
        for bit in range(8):
            copy = bytearray(data)
            copy[at] ^= 1 << bit
            yield bytes(copy)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for step, inner in pairs:
        yield from _paths(inner, (*path, step))


def _replaced(record: Record, path: tuple[Any, ...], junk: Any, *, gone: bool) -> Any:
    copy: Any = _copied(record)
    around = copy
    for step in path[:-1]:
        around = around[step]
    if gone:
        del around[path[-1]]
    else:
        around[path[-1]] = junk
    return copy


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def _shown(body: Any) -> str:
    return json.dumps(body, default=str)
