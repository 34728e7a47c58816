"""Workers that are alive."""

from datetime import datetime

from throughline.store.database import Row, Sql


async def beat(sql: Sql, id_: str, *, host: str, pid: int, now: datetime) -> None:
    await sql.execute(
        """insert into workers (id, host, pid, started_at, seen_at) values ($1, $2, $3, $4, $4)
           on conflict (id) do update set seen_at = excluded.seen_at""",
        id_,
        host,
        pid,
        now,
    )


async def leave(sql: Sql, id_: str) -> None:
    await sql.execute("delete from workers where id = $1", id_)


async def alive(sql: Sql, *, since: datetime) -> list[Row]:
    return await sql.fetch("select * from workers where seen_at >= $1 order by started_at", since)


async def forget(sql: Sql, *, before: datetime) -> None:
    await sql.execute("delete from workers where seen_at < $1", before)
