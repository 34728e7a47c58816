"""The versions of the firm's folder that were applied."""

from datetime import datetime

from throughline.store.database import Row, Sql
from throughline.store.leaves import DIGEST


async def newest(sql: Sql) -> Row | None:
    return await sql.fetchrow("select * from firm_versions order by version desc limit 1")


async def newest_number(sql: Sql) -> int:
    return await sql.fetchval("select coalesce(max(version), 0) from firm_versions")


async def apply(sql: Sql, *, digest: str, files: dict[str, str], by: str, now: datetime) -> int:
    return await sql.fetchval(
        f"""with applied as (
              insert into firm_versions (digest, files, applied_by, applied_at) values ($1, $2, $3, $4)
              returning version, files),
            told as (
              insert into audit_waiting (at, actor, action, object, digest)
              select $4, $3, 'applied', 'firm/' || version, {DIGEST.format("files")} from applied)
            select version from applied""",  # noqa: S608 - our own words
        digest,
        files,
        by,
        now,
    )
