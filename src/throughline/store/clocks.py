"""The database's clock: the one all workers share, so the one that says whose clock is wrong."""

from datetime import datetime

from throughline.store.database import Sql


async def of_database(sql: Sql) -> datetime:
    return await sql.fetchval("select clock_timestamp()")
