"""Search: things by what people know them by, each on an index, and the engagements they lead to."""

from collections.abc import Sequence
from decimal import Decimal

from throughline.store.database import Row, Sql

# Of these kinds, and no others, the words are on the index of migration 0039; the planner needs the very same list.
SOUGHT = (
    "change_order", "contact", "contract", "credit_memo", "customer", "invoice", "opportunity", "payment", "project",
    "quote",
)  # fmt: skip
# Enough to tell which one is meant.
FEW = 20
_KINDS = ", ".join(f"'{kind}'" for kind in SOUGHT)
_SOUGHT_BY = f"kind in ({_KINDS}) and sought_by(fields)"

# A name that is not finished is found by how it begins; one or two letters alone begin half of all names.
_WORDS = """(select string_agg(quote_literal(word) || case when length($1) > 2 then ':*' else '' end, ' & ')
             from unnest(words_in($1)) as word)::tsquery"""

_AMOUNTS = """(select string_agg(quote_literal('=' || trim_scale(amount)::text), ' | ')
               from unnest($1::numeric[]) as amount)::tsquery"""


async def by_words(sql: Sql, said: str, *, hidden: Sequence[str] = (), limit: int) -> list[Row]:
    """What has all these words; a number or a name that is this very text first, then what was changed last.

    What is `hidden` from whoever asks finds nothing: it is looked at again without these fields.
    """
    return await sql.fetch(
        f"""select id, kind, fields, updated_at from entities where {_SOUGHT_BY} @@ {_WORDS}
              and ($3::text[] = '{{}}' or sought_by(fields - $3::text[]) @@ {_WORDS})
            order by lower($1) in (lower(fields ->> 'number'), lower(fields ->> 'name'),
                                   lower(fields ->> 'purchase_order'), lower(fields ->> 'reference')) is true desc,
                     updated_at desc, id limit $2""",  # noqa: S608 - our own words
        said,
        limit,
        list(hidden),
    )


async def by_amount(sql: Sql, amounts: Sequence[Decimal], *, hidden: Sequence[str] = (), limit: int) -> list[Row]:
    """What has one of these amounts, whatever the currency, in what is not `hidden`."""
    return await sql.fetch(
        f"""select id, kind, fields, updated_at from entities
            where {_SOUGHT_BY} @@ {_AMOUNTS}
              and ($3::text[] = '{{}}' or sought_by(fields - $3::text[]) @@ {_AMOUNTS})
            order by updated_at desc, id limit $2""",  # noqa: S608 - our own words
        list(amounts),
        limit,
        list(hidden),
    )


async def by_id(sql: Sql, ids: Sequence[str], *, limit: int) -> list[Row]:
    """What one of these ids names: one of ours, or a system's in any of the forms people copy it in."""
    return await sql.fetch(
        """with named as (
             select id, null as system, null as key from unnest($1::text[]) as id
             union
             select entity, system, key from links where left(key, 15) in (select left(unnest($1::text[]), 15))
               and (key = any($1) or left(key, 15) = any($1)))
           select e.id, e.kind, e.fields, e.updated_at, named.system, named.key
           from named join entities e on e.id = named.id order by e.updated_at desc, e.id limit $2""",
        list(ids),
        limit,
    )


async def leading(sql: Sql, things: Sequence[str], *, each: int) -> list[Row]:
    """Which engagements each thing leads to, newest first and not more than so many: a customer may have thousands."""
    return await sql.fetch(
        """with recursive way (thing, at, steps) as (
             select id, id, 0 from unnest($1::text[]) as id
             union
             select way.thing, further.id, way.steps + 1
             from way join entities e on e.id = way.at
             cross join lateral (
               select unnest(array[e.fields ->> 'opportunity', e.fields ->> 'amends', e.fields ->> 'contract',
                                   e.fields ->> 'project', e.fields ->> 'invoice',
                                   case when e.kind = 'contact' then e.fields ->> 'customer' end]) as id
               union
               select used ->> 'invoice'
               from jsonb_array_elements(case when e.kind = 'payment' then e.fields -> 'applications' end) as used
               union all
               (select deal.id from entities deal
                where deal.kind = 'opportunity' and deal.fields ->> 'customer' = e.id and e.kind = 'customer'
                limit 1000)) as further
             where further.id is not null and way.steps < 4)
           select thing, engagement from (
             select found.*, row_number() over (partition by thing order by seq desc) as place from (
               select way.thing, run.correlation as engagement, max(run.seq) as seq
               from way join runs run on run.correlation = way.at
               group by way.thing, run.correlation
               union
               select thing, run.correlation, max(run.seq)
               from unnest($1::text[]) as thing
               join lateral (select distinct run from effects where entity = thing limit 200) as done on true
               join runs run on run.id = done.run group by thing, run.correlation) as found) as placed
           where place <= $2 order by thing, place""",
        list(things),
        each,
    )


async def told(sql: Sql, engagements: Sequence[str]) -> list[Row]:
    """A few engagements in one line each."""
    return await sql.fetch(
        """select run.correlation as id, run.seq, run.created_at,
                  case when run.cancelled_at is null then run.state else 'cancelled' end as state,
                  deal.fields ->> 'name' as name, deal.fields -> 'amount' as amount,
                  customer.fields ->> 'name' as customer,
                  (select count(*) from holds where holds.correlation = run.correlation and holds.state = 'open')
                    as open_holds
           from unnest($1::text[]) as wanted
           join lateral (select * from runs where correlation = wanted order by seq limit 1) as run on true
           left join entities deal on deal.id = run.correlation
           left join entities customer on customer.id = deal.fields ->> 'customer'""",
        list(engagements),
    )
