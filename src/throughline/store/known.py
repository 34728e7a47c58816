"""Who is one and the same in several systems, and what waits for somebody to be met."""

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from datetime import datetime

from throughline.store.database import Sql

type Pair = tuple[str, str]


async def known_as(sql: Sql, kind: str, ids: Dict[str, str], *, now: datetime) -> dict[str, str]:
    """Our ids by what tells who somebody is. The first to say it names them; `ids` are what we would call them.

    Two systems may be read at once: whoever comes second waits here until the first has committed. In order, so that
    two never wait for each other.
    """
    rows = await sql.fetch(
        """insert into known_as (kind, said, entity, at)
           select $1, said, entity, $4 from unnest($2::text[], $3::text[]) as t(said, entity) order by said
           on conflict (kind, said) do update set at = known_as.at returning said, entity""",
        kind,
        list(ids),
        list(ids.values()),
        now,
    )
    return {row["said"]: row["entity"] for row in rows}


async def await_meeting(sql: Sql, system: str, pointing: Iterable[tuple[Pair, str]]) -> None:
    """These entities point at records of that system, (kind, key), which have not been read yet."""
    waiting = sorted({(*pair, entity) for pair, entity in pointing})
    await sql.execute(
        """insert into unmet (system, kind, key, entity)
           select $1, kind, key, entity from unnest($2::text[], $3::text[], $4::text[]) as t(kind, key, entity)
           on conflict do nothing""",
        system,
        [kind for kind, _, _ in waiting],
        [key for _, key, _ in waiting],
        [entity for _, _, entity in waiting],
    )


async def met(sql: Sql, system: str, kind: str, keys: Sequence[str]) -> list[str]:
    """These records have been read: whoever pointed at them waits no more. Returns who that was."""
    rows = await sql.fetch(
        "delete from unmet where system = $1 and kind = $2 and key = any($3) returning entity", system, kind, list(keys)
    )
    return sorted({row["entity"] for row in rows})
