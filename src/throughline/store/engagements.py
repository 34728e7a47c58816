"""Engagements: the runs that an opportunity's events started, with the deal they are about."""

from collections.abc import Sequence

from throughline.store.database import Row, Sql


async def listed(sql: Sql, *, before: int | None, limit: int) -> list[Row]:
    """One row per engagement, newest first: its deal, its customer, how it stands, what is held."""
    return await sql.fetch(
        """select run.seq, run.correlation as id, run.parts,
                  case when run.cancelled_at is null then run.state else 'cancelled' end as state,
                  run.created_at, run.finished_at, run.workflow,
                  deal.fields ->> 'name' as name, deal.fields -> 'amount' as amount,
                  deal.fields ->> 'commercial_model' as commercial_model,
                  deal.fields ->> 'legal_entity' as legal_entity, customer.fields ->> 'name' as customer,
                  (select count(*) from holds where holds.correlation = run.correlation and holds.state = 'open')
                    as open_holds
           from runs run
           left join entities deal on deal.id = run.correlation
           left join entities customer on customer.id = deal.fields ->> 'customer'
           where run.subject = run.correlation and run.event ? 'opportunity' and ($1::bigint is null or run.seq < $1)
           order by run.seq desc limit $2""",
        before,
        limit,
    )


async def behind(sql: Sql, ids: Sequence[str]) -> list[str]:
    """Engagements that have anything to do with one of these ids, newest first."""
    rows = await sql.fetch(
        """with named as (
             select unnest($1::text[]) as id
             union select entity from links where left(key, 15) in (select left(unnest($1::text[]), 15))
               and (key = any($1) or left(key, 15) = any($1))
             union select run from holds where id = any($1)
             union select run from effects where key = any($1)),
           found as (
             select correlation, seq from runs where id in (select id from named)
             union select correlation, seq from runs where correlation in (select id from named)
             union select r.correlation, r.seq from entities e join runs r on r.subject = e.id
               where e.kind = 'opportunity' and e.fields ->> 'customer' in (select id from named)
             union select r.correlation, r.seq from effects e join runs r on r.id = e.run
               where e.entity in (select id from named)
             union select r.correlation, r.seq from events v join runs r on r.correlation = v.correlation
               where v.id in (select id from named))
           select correlation from found group by correlation order by max(seq) desc limit 20""",
        list(ids),
    )
    return [row["correlation"] for row in rows]


async def counted(sql: Sql) -> int:
    return await sql.fetchval("select count(*) from runs where subject = correlation and event ? 'opportunity'")


async def pulse(sql: Sql) -> str:
    """A mark that differs whenever something happened: what a live page watches."""
    return await sql.fetchval(
        """select concat_ws('/', (select max(id) from captures),
                                 (select concat(count(*), max(updated_at)) from runs where state <> 'done'),
                                 (select max(seq) from holds),
                                 (select max(seq) from journal), (select count(*) from holds where state = 'open'))"""
    )
