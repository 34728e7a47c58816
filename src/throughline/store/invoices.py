"""Invoices of a deal, by the contract or the project they are for."""

from throughline.store.database import Row, Sql

MOST = 500


async def of_deal(sql: Sql, deal: str) -> list[Row]:
    """The newest first."""
    return await sql.fetch(
        """with sold as (select id, kind from entities
                         where fields ->> 'opportunity' = $1 and kind in ('contract', 'project')),
             billed as (
               select invoice.id from sold join entities invoice on invoice.fields ->> 'contract' = sold.id
                 and invoice.kind = 'invoice' and invoice.fields ? 'contract' where sold.kind = 'contract'
               union
               select invoice.id from sold join entities invoice on invoice.fields ->> 'project' = sold.id
                 and invoice.kind = 'invoice' and invoice.fields ? 'project' where sold.kind = 'project')
           select e.id, e.fields, e.updated_at from billed join entities e on e.id = billed.id
           order by e.fields ->> 'issued_on' desc nulls first, e.id limit $2""",
        deal,
        MOST,
    )
