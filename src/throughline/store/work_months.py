"""Work by project and month: what was approved, and how much of it is on drafts and on invoices that are out."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from throughline.store.database import Row, Sql
from throughline.store.measures import CHARGEABLE, ITEM, LINE_AMOUNT, LINE_CURRENCY, OUT

type Month = tuple[str, str]

_READ = f"""
    with wanted as (select * from unnest($1::text[], $2::text[]) as t(project, period)),
    line as materialized (
      select wanted.project, wanted.period, line.id, {LINE_AMOUNT} as amount, {LINE_CURRENCY} as currency,
             case line.kind when 'time_entry' then (line.fields ->> 'hours')::numeric else 0 end as hours,
             (line.fields ->> 'day')::date as day, project.fields ->> 'contract' as contract,
             project.fields ->> 'opportunity' as engagement, project.fields ->> 'legal_entity' as legal_entity,
             project.fields ->> 'currency' as booked_in
      from wanted join entities project on project.id = wanted.project
      join entities line on line.kind in ('time_entry', 'expense') and line.fields ? 'project'
        and line.fields ->> 'project' = wanted.project
      where project.fields ->> 'commercial_model' = 'time_and_materials'
        and left(line.fields ->> 'day', 7) = wanted.period and {CHARGEABLE}),
    charged as materialized (
      select item, bool_or(coalesce({OUT}, false)) as is_out
      from (select distinct contract from line where contract is not null) of
      join entities invoice on invoice.kind = 'invoice' and invoice.fields ? 'contract'
        and invoice.fields ->> 'contract' = of.contract
      cross join lateral jsonb_array_elements(invoice.fields -> 'lines') as entry
      cross join lateral jsonb_array_elements_text(entry -> 'covers') as item
      where coalesce(invoice.fields ->> 'state', 'draft') <> 'void' group by item),
    told as (
      select line.*, case when line.currency = line.booked_in then line.amount end as worth, charged.is_out
      from line left join charged on charged.item = '{ITEM}' || line.id)
    insert into work_months (project, period, engagement, legal_entity, currency, lines, unpriced, hours, approved,
                             drafted_lines, drafted, billed_lines, billed, open_hours, oldest_open, read_at)
    select project, period, max(engagement), max(legal_entity), max(booked_in), count(*),
           count(*) filter (where worth is null), sum(hours), coalesce(sum(worth), 0),
           count(*) filter (where not is_out), coalesce(sum(worth) filter (where not is_out), 0),
           count(*) filter (where is_out), coalesce(sum(worth) filter (where is_out), 0),
           coalesce(sum(hours) filter (where is_out is null), 0), min(day) filter (where is_out is null), $3
    from told group by project, period
    returning *"""  # noqa: S608 - our own words


async def read(sql: Sql, months: Sequence[Month], *, now: datetime) -> list[Row]:
    """Count these months anew. One nothing is left of is no longer there."""
    projects, periods = [project for project, _ in months], [period for _, period in months]
    await sql.execute(
        """delete from work_months using unnest($1::text[], $2::text[]) as t(project, period)
           where work_months.project = t.project and work_months.period = t.period""",
        projects,
        periods,
    )
    return await sql.fetch(_READ, projects, periods, now)


async def charged_by(sql: Sql, invoice: str) -> list[Month]:
    """The months whose work is on an invoice."""
    rows = await sql.fetch(
        f"""select distinct line.fields ->> 'project' as project, left(line.fields ->> 'day', 7) as period
            from entities invoice cross join lateral jsonb_array_elements(invoice.fields -> 'lines') as entry
            cross join lateral jsonb_array_elements_text(entry -> 'covers') as item
            join entities line on line.id = substr(item, length('{ITEM}') + 1)
            where invoice.id = $1 and line.kind in ('time_entry', 'expense')""",  # noqa: S608 - our own words
        invoice,
    )
    return [(row["project"], row["period"]) for row in rows]


async def sample(sql: Sql, rows: Sequence[Row], *, now: datetime) -> None:
    """How far the billing of each company's month is now; what is older than a week says nothing of the rate."""
    await sql.execute(
        """insert into billing_progress (legal_entity, period, at, lines, done)
           select legal_entity, period, $3, sum(lines), sum(drafted_lines + billed_lines) from work_months
           where (legal_entity, period) in (select * from unnest($1::text[], $2::text[]))
           group by legal_entity, period on conflict do nothing""",
        [row["legal_entity"] for row in rows],
        [row["period"] for row in rows],
        now,
    )
    await sql.execute(
        """delete from billing_progress where (legal_entity, period) in (select * from unnest($1::text[], $2::text[]))
             and at < $3""",
        [row["legal_entity"] for row in rows],
        [row["period"] for row in rows],
        now - timedelta(days=7),
    )
