"""The journal of what people did."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from throughline.store.database import Row, Sql
from throughline.store.leaves import DIGEST


async def note(sql: Sql, *, actor: str, action: str, object_: str, detail: dict[str, Any], now: datetime) -> None:
    """In words, and as a leaf of the audit log: both or neither."""
    await sql.execute(
        f"""with noted as (
              insert into journal (at, actor, action, object, detail) values ($1, $2, $3, $4, $5)
              returning seq, detail)
            insert into audit_waiting (at, actor, action, object, run, engagement, source, digest)
            select $1, $2, $3, $4, coalesce(holds.run, detail ->> 'run'), holds.correlation, 'journal/' || noted.seq,
                   {DIGEST.format("detail")}
            from noted left join holds on holds.id = $4""",  # noqa: S608 - our own words
        now,
        actor,
        action,
        object_,
        detail,
    )


async def about(sql: Sql, objects: list[str]) -> list[Row]:
    return await sql.fetch("select * from journal where object = any($1) order by seq", objects)


async def spelled(sql: Sql, rows: Sequence[int]) -> list[Row]:
    """Rows of the journal with their detail as PostgreSQL spells it: the text their leaves have the digest of."""
    return await sql.fetch(
        "select seq, at, actor, action, object, detail::text as detail from journal where seq = any($1) order by seq",
        list(rows),
    )


async def newest(sql: Sql) -> int:
    return await sql.fetchval("select coalesce(max(seq), 0) from journal")


async def digests(sql: Sql, *, first: int, last: int) -> list[Row]:
    """What leaves say of these rows, said of the rows as they are now."""
    return await sql.fetch(
        f"""select seq, at, actor, action, object, {DIGEST.format("detail")} as digest from journal
            where seq between $1 and $2 order by seq""",  # noqa: S608 - same
        first,
        last,
    )
