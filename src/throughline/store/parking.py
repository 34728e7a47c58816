"""Parking: lanes that wait for a system, in the order in which they are let go when it can take them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from throughline.store.database import Sql


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lane is parked, and what decides when it is its turn there."""

    at: str
    rank: int
    cut_off: datetime | None
    since: datetime


async def park(sql: Sql, key: str, place: Place, *, now: datetime) -> None:
    """Let a lane wait where others wait for the same; unless something has woken it meanwhile."""
    await sql.execute(
        """update lanes set parked_at = $2, parked_rank = $3, parked_cut_off = $4, parked_since = $5
           where key = $1 and worker is null and due_at > $6""",
        key,
        place.at,
        place.rank,
        place.cut_off,
        place.since,
        now,
    )


async def places(sql: Sql) -> list[str]:
    """Where lanes are parked: a step of the index for each place, however many are there."""
    rows = await sql.fetch(
        """with recursive places as (
             (select parked_at from lanes where parked_at is not null order by parked_at limit 1)
             union all
             select (select next.parked_at from lanes next where next.parked_at > places.parked_at
                     order by next.parked_at limit 1)
             from places where places.parked_at is not null)
           select parked_at from places where parked_at is not null"""
    )
    return [row["parked_at"] for row in rows]


async def let_go(sql: Sql, places: Sequence[str], *, limit: int, now: datetime) -> list[str]:
    """Make so many lanes due that are parked at any of these places: by urgency, by cut-off if there is one, by age."""
    rows = await sql.fetch(
        """with first as (
             select there.* from unnest($1::text[]) as place, lateral (
               select key, parked_rank, parked_cut_off, parked_since from lanes where parked_at = place
               order by parked_rank, parked_cut_off, parked_since limit $2 for update skip locked) there
             order by parked_rank, parked_cut_off, parked_since limit $2),
           freed as (
             update lanes set due_at = $3, parked_at = null from first where lanes.key = first.key
             returning lanes.key)
           select freed.key from freed join first using (key) order by parked_rank, parked_cut_off, parked_since""",
        list(places),
        limit,
        now,
    )
    return [row["key"] for row in rows]
