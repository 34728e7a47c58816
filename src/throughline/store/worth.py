"""Worth: an engagement's money at each step, by currency, with how many records it is, and of unknown worth."""

from throughline.store.database import Row, Sql
from throughline.store.measures import OUT

_OF = """select '{0}' as rung, (fields -> '{1}' ->> 'amount')::numeric as amount,
                fields -> '{1}' ->> 'currency' as currency from {2}"""
_LINES = """select '{0}' as rung,
                   case kind when 'time_entry' then
                     round((fields ->> 'hours')::numeric * (fields -> 'rate' ->> 'amount')::numeric, 2)
                   else (coalesce(fields -> 'billable_amount', fields -> 'amount') ->> 'amount')::numeric end
                     as amount,
                   coalesce(fields -> 'rate', fields -> 'billable_amount', fields -> 'amount') ->> 'currency'
                     as currency
            from line where {1}"""
LADDER = f"""
    with agreed as (select id, kind, fields from entities
                    where fields ->> 'opportunity' = $1 and kind in ('contract', 'project')),
      contract as (select * from agreed where kind = 'contract'),
      project as (select * from agreed where kind = 'project'),
      deal as (select * from entities where id = $1),
      line as materialized (
        select work.kind, work.fields from project join entities work on work.fields ->> 'project' = project.id
          and work.kind in ('time_entry', 'expense') and work.fields ? 'project'
        where work.fields ->> 'billable' = 'true'),
      invoice as materialized (
        select invoice.* from contract join entities invoice on invoice.fields ->> 'contract' = contract.id
          and invoice.kind = 'invoice' and invoice.fields ? 'contract' where {OUT}),
      used as (
        select used from invoice join entities payment on payment.kind = 'payment'
          and payment.fields -> 'applications' @> jsonb_build_array(jsonb_build_object('invoice', invoice.id))
        cross join lateral jsonb_array_elements(payment.fields -> 'applications') as used
        where used ->> 'invoice' = invoice.id),
      scheduled as (
        select said from contract join entities schedule on schedule.fields ->> 'contract' = contract.id
          and schedule.kind = 'revenue_schedule' and schedule.fields ? 'contract'
        cross join lateral jsonb_array_elements(schedule.fields -> 'lines') as said
        where said ->> 'recognised' = 'true'),
      step as (
        {_OF.format("sold", "amount", "deal")} union all {_OF.format("contracted", "value", "contract")}
        union all {_OF.format("planned", "budget", "project")}
        union all {_LINES.format("worked", "true")}
        union all {_LINES.format("approved", "fields -> 'approval' ->> 'state' = 'approved'")}
        union all {_OF.format("billed", "net", "invoice")}
        union all select 'paid', (used -> 'amount' ->> 'amount')::numeric, used -> 'amount' ->> 'currency' from used
        union all select 'recognised', (said -> 'amount' ->> 'amount')::numeric, said -> 'amount' ->> 'currency'
                  from scheduled)
    select rung, currency, sum(amount) as amount, count(*) as records, count(*) filter (where amount is null) as unknown
    from step group by rung, currency order by rung, currency"""  # noqa: S608 - our own words


async def of_deal(sql: Sql, deal: str) -> list[Row]:
    return await sql.fetch(LADDER, deal)
