"""From a break to the records behind its numbers: one statement for each measure, one for what a system said."""

from throughline.store.database import Row, Sql

MOST = 200

_OF_DEAL = """select id, kind, fields from entities
              where fields ->> 'opportunity' = $1 and kind = '{}' and kind in ('contract', 'project') limit $2"""
_CHARGED = """select invoice.id, invoice.kind, invoice.fields
              from entities contract join entities invoice on invoice.fields ->> 'contract' = contract.id
              where contract.fields ->> 'opportunity' = $1 and contract.kind = 'contract' and invoice.kind = 'invoice'
                and invoice.fields ? 'contract'
                and invoice.fields ->> 'period' = $3
              order by invoice.id limit $2"""
_COVERING = """select invoice.id, invoice.kind, invoice.fields
               from entities line join entities project on project.id = line.fields ->> 'project'
               join entities contract on contract.fields ->> 'opportunity' = project.fields ->> 'opportunity'
                 and contract.kind = 'contract'
               join entities invoice on invoice.fields ->> 'contract' = contract.id and invoice.kind = 'invoice'
                 and invoice.fields ? 'contract'
               where line.id = $1 and invoice.fields -> 'lines' @>
                 jsonb_build_array(jsonb_build_object('covers', jsonb_build_array('billing-item-of-' || $1)))
               order by invoice.id limit $2"""
_SCHEDULED = """select schedule.id, schedule.kind, schedule.fields
                from entities contract join entities schedule on schedule.fields ->> 'contract' = contract.id
                where contract.fields ->> 'opportunity' = $1 and contract.kind = 'contract'
                  and schedule.kind = 'revenue_schedule' and schedule.fields ? 'contract'
                order by schedule.id limit $2"""
_ITSELF = "select id, kind, fields from entities where id = $1 limit $2"
_PAYMENTS = """select id, kind, fields from entities
               where kind = 'payment'
                 and fields -> 'applications' @> jsonb_build_array(jsonb_build_object('invoice', $1::text))
               order by id limit $2"""
BY_PERIOD = frozenset({"invoiced"})

BEHIND = {
    "sold": _ITSELF, "contracted": _OF_DEAL.format("contract"), "planned": _OF_DEAL.format("project"),
    "worked": _ITSELF, "billed": _COVERING, "settled": _ITSELF, "paid": _PAYMENTS, "invoiced": _CHARGED,
    "recognised": _SCHEDULED,
}  # fmt: skip


async def measure(sql: Sql, name: str, *, about: str, period: str | None) -> list[Row]:
    """The entities a measure adds up, of one engagement and period, or of one invoice."""
    return await sql.fetch(BEHIND[name], about, MOST, *([period] if name in BY_PERIOD else []))


async def holding(sql: Sql, id_: str) -> list[Row]:
    return await sql.fetch("select id, kind, fields from entities where id = $1", id_)


async def saying(sql: Sql, systems: list[str], kind: str, id_: str) -> list[Row]:
    """What these systems last said of one entity, verbatim, and when; or what they agreed to."""
    return await sql.fetch(
        """select l.system, l.key, coalesce(r.body, l.sent) as fields, coalesce(r.seen_at, l.at) as at
           from links l left join records r on (r.system, r.kind, r.key) = (l.system, l.kind, l.key)
           where l.entity = $1 and l.kind = $2 and l.system = any($3) order by l.system""",
        id_,
        kind,
        systems,
    )
