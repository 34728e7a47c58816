"""Accounts: whose id something is, and the approved work of contracts that is on no invoice that is out."""

from collections.abc import Sequence

from throughline.store.database import Row, Sql
from throughline.store.measures import ITEM, OUT


async def called(sql: Sql, kind: str, ids: Sequence[str]) -> list[str]:
    """Those of a kind, such as customers, behind one of these ids: ours, or any system's."""
    rows = await sql.fetch(
        """select id from entities where id = any($1) and kind = $2
           union select entity from links
           where left(key, 15) in (select left(unnest($1::text[]), 15)) and kind = $2
             and (key = any($1) or left(key, 15) = any($1))
           limit 20""",
        list(ids),
        kind,
    )
    return sorted(row["id"] for row in rows)


async def not_billed(sql: Sql, contracts: Sequence[str]) -> list[Row]:
    """By contract and currency, what of time and expenses is approved and on no invoice that is out.

    Only work that is sold by the hour: the rest is billed by its plan. A line without a rate counts as `unpriced`.
    """
    return await sql.fetch(
        f"""with projects as (
              select id, fields ->> 'contract' as contract from entities
              where kind = 'project' and fields ? 'contract' and fields ->> 'contract' = any($1)
                and fields ->> 'commercial_model' = 'time_and_materials'),
            charged as (
              select substr(item, length('{ITEM}') + 1) as line from entities invoice
              cross join lateral jsonb_array_elements(invoice.fields -> 'lines') as line
              cross join lateral jsonb_array_elements_text(line -> 'covers') as item
              where invoice.kind = 'invoice' and invoice.fields ? 'contract'
                and invoice.fields ->> 'contract' = any($1) and {OUT} and item like '{ITEM}%'),
            worked as (
              select projects.contract, line.id,
                     case line.kind
                       when 'time_entry' then round((line.fields ->> 'hours')::numeric
                                                    * (line.fields -> 'rate' ->> 'amount')::numeric, 2)
                       else (coalesce(line.fields -> 'billable_amount', line.fields -> 'amount') ->> 'amount')::numeric
                     end as amount,
                     coalesce(line.fields -> 'rate', line.fields -> 'billable_amount', line.fields -> 'amount')
                       ->> 'currency' as currency
              from projects cross join lateral (
                select id, kind, fields from entities
                where kind in ('time_entry', 'expense') and fields ? 'project' and fields ->> 'project' = projects.id
                  and fields -> 'approval' ->> 'state' = 'approved' and fields ->> 'billable' = 'true') as line)
            select contract, currency, sum(amount) as amount, count(*) filter (where amount is null) as unpriced
            from worked where id not in (select line from charged) group by contract, currency""",  # noqa: S608 - our own words
        list(contracts),
    )
