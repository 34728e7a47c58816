"""The rows of the boards: deals that are not ready, months that are not billed, changes that are not applied."""

from datetime import datetime

from throughline.store.database import Row, Sql
from throughline.store.kpi_figures import DEAL_HOPS

# Why each is held, the largest first, and who answers.
_HELD = """
    (select jsonb_agg(jsonb_build_object('id', hold.id, 'part', hold.part, 'why', hold.why, 'owner', hold.owner)
                      order by hold.amount desc nulls last, hold.seq)
     from holds hold where {} and hold.state = 'open') as held"""
_OF_DEAL, _OF_LANE = _HELD.format("hold.correlation = deal.engagement"), _HELD.format("hold.lane = {}")


async def not_ready(sql: Sql, *, opened_since: datetime, limit: int) -> list[Row]:
    """Deals whose handoff runs, and those opened of late, the earliest due first; with their people and their holds."""
    return await sql.fetch(
        f"""select deal.*, run.parts, coalesce(run.state, 'due') as state, sold.fields ->> 'name' as name,
                   customer.fields ->> 'name' as customer, sold.fields -> 'amount' as amount,
                   sold.fields ->> 'starts' as starts, project.id as project,
                   (select count(*) from entities where kind = 'demand' and fields ? 'project'
                      and fields ->> 'project' = project.id) as needed,
                   (select count(distinct coalesce(fields ->> 'demand', fields ->> 'resource')) from entities
                      where kind = 'assignment' and fields ? 'project' and fields ->> 'project' = project.id) as named,
                   {_OF_DEAL}
            from (
              select engagement, max(legal_entity) as legal_entity, min(began_at) as began, min(due_at) as due,
                     bool_or(running) as running
              from (
                select engagement, legal_entity, began_at, due_at, true as running from clocks
                where hop = any($1) and state = 'running'
                union all
                select engagement, legal_entity, began_at, null, false from clocks
                where hop = 'project_open' and ended_at >= $2 and state <> 'given_up') each
              group by engagement order by bool_or(running) desc, min(due_at), engagement limit $3) deal
            left join lateral (
              select parts, state from runs where correlation = deal.engagement and subject = deal.engagement
              order by seq limit 1) run on true
            left join entities sold on sold.id = deal.engagement
            left join entities customer on customer.id = sold.fields ->> 'customer'
            left join lateral (
              select id from entities where kind in ('contract', 'project') and kind = 'project'
                and fields ->> 'opportunity' = deal.engagement limit 1) project on true
            order by deal.running desc, deal.due, deal.engagement""",  # noqa: S608 - our own words
        list(DEAL_HOPS),
        opened_since,
        limit,
    )


_MONTH_LANE = "'work-to-invoice:' || month.project || '/' || month.period"


async def billed_months(sql: Sql, *, since: str) -> list[Row]:
    """By company, month and currency: what was approved, is on drafts, is out and is held; of months not yet billed,

    and of those that are not long past.
    """
    return await sql.fetch(
        f"""select month.legal_entity, month.period, month.currency, sum(lines) as lines,
                   sum(drafted_lines + billed_lines) as done, sum(unpriced) as unpriced, sum(approved) as approved,
                   sum(drafted) as drafted, sum(billed) as billed, sum(held.holds) as held,
                   sum(held.amount) as held_amount, sum(held.unknown) as held_unknown
            from work_months month
            left join lateral (
              select count(*) as holds, sum(hold.amount) filter (where hold.currency = month.currency) as amount,
                     count(*) filter (where hold.amount is null or hold.currency is distinct from month.currency)
                       as unknown
              from holds hold where hold.lane = {_MONTH_LANE} and hold.state = 'open') held on true
            where month.period >= $1 or month.billed_lines < month.lines
            group by month.legal_entity, month.period, month.currency
            order by month.period desc, month.legal_entity, month.currency""",  # noqa: S608 - our own words
        since,
    )


async def progress(sql: Sql, legal_entity: str, period: str, *, since: datetime) -> list[Row]:
    """How far a company's month was, from the last sample before a moment on."""
    return await sql.fetch(
        """select at, lines, done from billing_progress where legal_entity = $1 and period = $2 and at >= coalesce(
             (select max(at) from billing_progress where legal_entity = $1 and period = $2 and at <= $3), $3)
           order by at""",
        legal_entity,
        period,
        since,
    )


async def unposted(sql: Sql, *, limit: int) -> list[Row]:
    """Months of work with lines on no invoice, not even a draft, the oldest first."""
    return await sql.fetch(
        f"""select month.*, project.fields ->> 'name' as name, {_OF_LANE.format(_MONTH_LANE)}
            from work_months month left join entities project on project.id = month.project
            where month.billed_lines < month.lines and month.drafted_lines + month.billed_lines < month.lines
            order by month.oldest_open, month.project, month.period limit $1""",  # noqa: S608 - our own words
        limit,
    )


async def unapplied(sql: Sql, *, limit: int) -> list[Row]:
    """Approved changes that not every system has, the earliest due first."""
    return await sql.fetch(
        f"""select clock.engagement, clock.subject, clock.began_at as began, clock.due_at as due, clock.amount,
                   clock.currency, clock.legal_entity, change.fields ->> 'name' as name,
                   sold.fields ->> 'name' as deal, run.parts, run.state,
                   {_HELD.format("hold.subject = clock.subject")}
            from clocks clock left join entities change on change.id = clock.subject
            left join entities sold on sold.id = clock.engagement
            left join lateral (
              select parts, state from runs where subject = clock.subject and workflow = 'change-order'
              order by seq desc limit 1) run on true
            where clock.hop = 'change_applied' and clock.state = 'running'
            order by clock.due_at, clock.seq limit $1""",  # noqa: S608 - our own words
        limit,
    )
