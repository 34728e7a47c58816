"""The event log, as those read it who follow it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from throughline.store.database import Row, Sql


async def newest(sql: Sql) -> int:
    return await sql.fetchval("select coalesce(max(seq), 0) from events")


@dataclass(frozen=True, slots=True)
class Following:
    """Events in order, the place reached, and whether more are there that cannot be told yet."""

    rows: list[Row]
    place: int
    more: bool


async def following(sql: Sql, seq: int, *, types: Sequence[str], old_before: datetime, limit: int) -> Following:
    """Events after a place.

    A number is given before its transaction commits, so a higher one may be seen first. What is newer than the oldest
    transaction still running is left for later: whoever follows would step over a lower number for ever. Rows old
    enough are past that question (a transaction number that old can no longer be compared).
    """
    found = await sql.fetch(
        """select seq, id, type, subject, fields, correlation, run, at,
                  (at < $2 or age(xmin) > age(pg_snapshot_xmin(pg_current_snapshot())::xid)) as settled
           from events where seq > $1 order by seq limit $3""",
        seq,
        old_before,
        limit,
    )
    rows = list(takewhile(lambda row: row["settled"], found))
    place = rows[-1]["seq"] if rows else seq
    more = len(rows) < len(found) or len(found) == limit
    return Following([row for row in rows if not types or row["type"] in types], place, more)
