"""Pages: `limit` and `offset`, checked as NetSuite checks them, and the envelope they come back in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from throughline.sandbox.netsuite.problems import invalid_parameter

LARGEST, MOST_ROWS = 1000, 100_000


@dataclass(frozen=True, slots=True)
class Page:
    limit: int
    offset: int

    def of(self, rows: Sequence[Any]) -> Sequence[Any]:
        return rows[self.offset : self.offset + self.limit]

    def envelope(self, url: str, items: Sequence[Any], total: int) -> dict[str, Any]:
        return {
            "links": self._links(url, total),
            "count": len(items),
            "hasMore": self.offset + len(items) < total,
            "items": list(items),
            "offset": self.offset,
            "totalResults": total,
        }

    def _links(self, url: str, total: int) -> list[dict[str, str]]:
        last = max(0, (total - 1) // self.limit * self.limit)
        places = {"self": self.offset}
        if self.offset > 0:
            places |= {"first": 0, "previous": self.offset - self.limit}
        if self.offset + self.limit < total:
            places |= {"next": self.offset + self.limit, "last": last}
        joint = "&" if "?" in url else "?"
        return [
            {"rel": rel, "href": f"{url}{joint}limit={self.limit}&offset={offset}"} for rel, offset in places.items()
        ]


def page_of(query: Mapping[str, str]) -> Page:
    limit, offset = _whole(query, "limit", LARGEST), _whole(query, "offset", 0)
    if not 1 <= limit <= LARGEST:
        raise invalid_parameter(f"Provide a limit between 1 and {LARGEST}.", "limit")
    if offset % limit:
        raise invalid_parameter("The offset must be divisible by the limit.", "offset")
    if offset >= MOST_ROWS:
        raise invalid_parameter(f"A query gives at most {MOST_ROWS} rows. Narrow it down.", "offset")
    return Page(limit, offset)


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    given = query.get(name, "")
    if not given:
        return default
    if not given.isascii() or not given.isdigit():
        raise invalid_parameter(f"Invalid value for the query parameter '{name}'. It is a whole number.", name)
    return int(given)
