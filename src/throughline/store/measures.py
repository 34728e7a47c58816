"""Money by engagement, by period or by invoice, as what is settled says it; one statement for each measure.

Each gives key, amount, currency and, where a period counts, that and the legal entity whose books it is in. An amount
that is null is not known.
"""

# A deal counts from the moment it was won under our eyes, until it is declined or cancelled.
SOLD = """
    select deal.id as key, sum((line -> 'amount' ->> 'amount')::numeric) as amount,
           deal.fields ->> 'currency' as currency, null as period, deal.fields ->> 'legal_entity' as legal_entity
    from entities deal
    left join lateral jsonb_array_elements(deal.fields -> 'lines') as line on true
    left join entities handoff on handoff.id = 'handoff-of-' || deal.id
    where deal.kind = 'opportunity' and deal.fields ->> 'stage' = 'won'
      and exists (select from events where events.subject = deal.id and events.type = 'OpportunityWon')
      and coalesce(handoff.fields ->> 'gate', '') not in ('declined', 'cancelled')
    group by deal.id"""

CONTRACTED = """
    select fields ->> 'opportunity' as key, sum((fields -> 'value' ->> 'amount')::numeric) as amount,
           fields -> 'value' ->> 'currency' as currency, null as period, null as legal_entity
    from entities where kind = 'contract' and fields ->> 'opportunity' is not null
    group by 1, 3"""

PLANNED = """
    select fields ->> 'opportunity' as key, sum((fields -> 'budget' ->> 'amount')::numeric) as amount,
           fields -> 'budget' ->> 'currency' as currency, null as period, null as legal_entity
    from entities where kind = 'project' and fields ->> 'opportunity' is not null
    group by 1, 3"""

# Approved work that is sold by the hour, and what was spent for it. One hour without a rate, and the sum is not known.
WORKED = """
    with done as (
      select fields ->> 'project' as project, left(fields ->> 'day', 7) as period,
             round((fields ->> 'hours')::numeric * (fields -> 'rate' ->> 'amount')::numeric, 2) as amount,
             fields -> 'rate' ->> 'currency' as currency
      from entities where kind = 'time_entry' and fields -> 'approval' ->> 'state' = 'approved'
        and fields ->> 'billable' = 'true'
      union all
      select fields ->> 'project', left(fields ->> 'day', 7),
             (coalesce(fields -> 'billable_amount', fields -> 'amount') ->> 'amount')::numeric,
             coalesce(fields -> 'billable_amount', fields -> 'amount') ->> 'currency'
      from entities where kind = 'expense' and fields -> 'approval' ->> 'state' = 'approved'
        and fields ->> 'billable' = 'true')
    select (project.fields ->> 'opportunity') || '|' || done.period as key,
           case when bool_and(done.amount is not null) then sum(done.amount) end as amount,
           max(coalesce(done.currency, project.fields ->> 'currency')) as currency, done.period,
           max(project.fields ->> 'legal_entity') as legal_entity
    from done join entities project on project.id = done.project
    where project.fields ->> 'commercial_model' = 'time_and_materials'
      and project.fields ->> 'opportunity' is not null
    group by 1, 4"""

_POSTED = "invoice.fields ->> 'state' in ('posted', 'sent', 'partly_paid', 'paid', 'disputed')"
_CHARGED = f"""
    select (contract.fields ->> 'opportunity') || '|' || said.period as key,
           sum((invoice.fields -> 'net' ->> 'amount')::numeric) as amount, invoice.fields ->> 'currency' as currency,
           said.period, max(contract.fields ->> 'legal_entity') as legal_entity
    from entities invoice join entities contract on contract.id = invoice.fields ->> 'contract'
    cross join lateral (
      select left(coalesce(invoice.fields ->> 'starts', invoice.fields ->> 'issued_on'), 7) as period) as said
    where invoice.kind = 'invoice' and {_POSTED} and contract.fields ->> 'opportunity' is not null
      and said.period is not null and {{}}
    group by 1, 3, 4"""  # noqa: S608 - our own words

BILLED = _CHARGED.format("contract.fields ->> 'commercial_model' = 'time_and_materials'")
INVOICED = _CHARGED.format(
    """contract.fields ->> 'revenue_treatment' = 'as_invoiced' and contract.id in (
         select fields ->> 'contract' from entities where kind = 'revenue_schedule')"""
)

RECOGNISED = """
    select (contract.fields ->> 'opportunity') || '|' || (line ->> 'period') as key,
           sum((line -> 'amount' ->> 'amount')::numeric) as amount, schedule.fields ->> 'currency' as currency,
           line ->> 'period' as period, max(contract.fields ->> 'legal_entity') as legal_entity
    from entities schedule join entities contract on contract.id = schedule.fields ->> 'contract'
    cross join lateral jsonb_array_elements(schedule.fields -> 'lines') as line
    where schedule.kind = 'revenue_schedule' and contract.fields ->> 'revenue_treatment' = 'as_invoiced'
      and line ->> 'recognised' = 'true' and contract.fields ->> 'opportunity' is not null
    group by 1, 3, 4"""

# What the ERP calls settled of an invoice. One with a credit memo is left out: nobody says how much of that was used.
_CREDITED = "select fields ->> 'invoice' from entities where kind = 'credit_memo' and fields ->> 'invoice' is not null"
SETTLED = f"""
    select id as key,
           (fields -> 'total' ->> 'amount')::numeric - (fields -> 'open_amount' ->> 'amount')::numeric as amount,
           fields -> 'total' ->> 'currency' as currency, null as period, null as legal_entity
    from entities invoice where kind = 'invoice' and {_POSTED}
      and (fields -> 'total' ->> 'amount')::numeric <> (fields -> 'open_amount' ->> 'amount')::numeric
      and id not in ({_CREDITED})"""  # noqa: S608 - our own words

PAID = f"""
    select used ->> 'invoice' as key, sum((used -> 'amount' ->> 'amount')::numeric) as amount,
           used -> 'amount' ->> 'currency' as currency, null as period, null as legal_entity
    from entities payment cross join lateral jsonb_array_elements(payment.fields -> 'applications') as used
    where payment.kind = 'payment' and used ->> 'invoice' not in ({_CREDITED})
    group by 1, 3"""  # noqa: S608 - our own words

MEASURES = {
    "sold": SOLD, "contracted": CONTRACTED, "planned": PLANNED, "worked": WORKED, "billed": BILLED,
    "settled": SETTLED, "paid": PAID, "invoiced": INVOICED, "recognised": RECOGNISED,
}  # fmt: skip
