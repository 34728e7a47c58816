"""The journal of what people did."""

from datetime import datetime
from typing import Any

from throughline.store.database import Row, Sql


async def note(sql: Sql, *, actor: str, action: str, object_: str, detail: dict[str, Any], now: datetime) -> None:
    await sql.execute(
        "insert into journal (at, actor, action, object, detail) values ($1, $2, $3, $4, $5)",
        now,
        actor,
        action,
        object_,
        detail,
    )


async def about(sql: Sql, objects: list[str]) -> list[Row]:
    return await sql.fetch("select * from journal where object = any($1) order by seq", objects)
