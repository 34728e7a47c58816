"""Origins: which system said each field and when, what was refused, and the exchange it was said in."""

from collections.abc import Sequence
from datetime import datetime

from throughline.store.database import Row, Sql


async def things(sql: Sql, ids: Sequence[str]) -> list[Row]:
    """Entities with the provenance of each field, and what each system calls them."""
    return await sql.fetch(
        """select id, kind, version, fields, unread, provenance,
                  (select coalesce(jsonb_object_agg(system, key), '{}') from links
                   where links.entity = entities.id) as keys
           from entities where id = any($1) order by id""",
        list(ids),
    )


async def refused(sql: Sql, ids: Sequence[str]) -> list[Row]:
    return await sql.fetch("select * from refusals where entity = any($1) order by entity, field, system", list(ids))


async def exchanges(sql: Sql, said: Sequence[tuple[str, str, datetime]]) -> dict[tuple[str, str, datetime], int]:
    """Of each (system, their key, moment): the newest exchange of the minute before that names the key.

    The number is added to, or PostgreSQL would look for the newest by reading all exchanges backwards.
    """
    rows = await sql.fetch(
        """select system, key, at, capture from unnest($1::text[], $2::text[], $3::timestamptz[]) as t(system, key, at)
           cross join lateral (
             select max(captures.id + 0) as capture from captures
             where captures.at > t.at - interval '1 minute' and captures.at <= t.at and captures.system = t.system
               and (position(convert_to(t.key, 'UTF8') in answer_body) > 0
                    or position(convert_to(t.key, 'UTF8') in request_body) > 0)) as found
           where capture is not null""",
        [system for system, _, _ in said],
        [key for _, key, _ in said],
        [at for _, _, at in said],
    )
    return {(row["system"], row["key"], row["at"]): row["capture"] for row in rows}
