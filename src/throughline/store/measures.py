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

# One line of work or of what was spent for it, on a project that is sold by the hour. A line without a rate is worth
# nobody knows what.
LINE_AMOUNT = """case line.kind
             when 'time_entry' then
               round((line.fields ->> 'hours')::numeric * (line.fields -> 'rate' ->> 'amount')::numeric, 2)
             else (coalesce(line.fields -> 'billable_amount', line.fields -> 'amount') ->> 'amount')::numeric
           end"""
LINE_CURRENCY = """coalesce(line.fields -> 'rate', line.fields -> 'billable_amount', line.fields -> 'amount')
             ->> 'currency'"""
CHARGEABLE = """line.fields -> 'approval' ->> 'state' = 'approved' and line.fields ->> 'billable' = 'true'"""
_LINE = (
    f"""
    select line.id as key, {LINE_AMOUNT} as amount, {LINE_CURRENCY} as currency,"""  # noqa: S608 - our own words
    """
           left(line.fields ->> 'day', 7) as period, project.fields ->> 'legal_entity' as legal_entity
    from {} join entities project on project.id = line.fields ->> 'project'
    where project.fields ->> 'commercial_model' = 'time_and_materials'
      and project.fields ->> 'opportunity' is not null and {}"""
)
WORKED = _LINE.format(
    "entities line",
    f"line.kind in ('time_entry', 'expense') and {CHARGEABLE}",
)

# The lines that invoices cover, as often as they do, and worth what the line is: at which price is not asked here.
OUT = "invoice.fields ->> 'state' in ('posted', 'sent', 'partly_paid', 'paid', 'disputed')"
ITEM = "billing-item-of-"
BILLED = _LINE.format(
    """entities invoice cross join lateral jsonb_array_elements(invoice.fields -> 'lines') as charged
    cross join lateral jsonb_array_elements_text(charged -> 'covers') as item
    join entities line on line.id = substr(item, length('billing-item-of-') + 1)""",
    f"""invoice.kind = 'invoice' and {OUT}
      and item like '{ITEM}%'""",
)

# Both named by the period the ledger books them in.
INVOICED = f"""
    select (contract.fields ->> 'opportunity') || '|' || (invoice.fields ->> 'period') as key,
           sum((invoice.fields -> 'net' ->> 'amount')::numeric) as amount, invoice.fields ->> 'currency' as currency,
           invoice.fields ->> 'period' as period, max(contract.fields ->> 'legal_entity') as legal_entity
    from entities invoice join entities contract on contract.id = invoice.fields ->> 'contract'
    where invoice.kind = 'invoice' and {OUT} and contract.fields ->> 'opportunity' is not null
      and invoice.fields ->> 'period' is not null and contract.fields ->> 'revenue_treatment' = 'as_invoiced'
      and exists (select from entities schedule
                  where schedule.kind = 'revenue_schedule' and schedule.fields ? 'contract'
                    and schedule.fields ->> 'contract' = contract.id)
    group by 1, 3, 4"""  # noqa: S608 - our own words

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
_CREDITED = """select from entities memo
               where memo.kind = 'credit_memo' and memo.fields ? 'invoice' and memo.fields ->> 'invoice' = {}"""
SETTLED = f"""
    select id as key,
           (fields -> 'total' ->> 'amount')::numeric - (fields -> 'open_amount' ->> 'amount')::numeric as amount,
           fields -> 'total' ->> 'currency' as currency, null as period, null as legal_entity
    from entities invoice where kind = 'invoice' and {OUT}
      and (fields -> 'total' ->> 'amount')::numeric <> (fields -> 'open_amount' ->> 'amount')::numeric
      and not exists ({_CREDITED.format("invoice.id")})"""  # noqa: S608 - our own words

PAID = f"""
    select used ->> 'invoice' as key, sum((used -> 'amount' ->> 'amount')::numeric) as amount,
           used -> 'amount' ->> 'currency' as currency, null as period, null as legal_entity
    from entities payment cross join lateral jsonb_array_elements(payment.fields -> 'applications') as used
    where payment.kind = 'payment' and not exists ({_CREDITED.format("used ->> 'invoice'")})
    group by 1, 3"""  # noqa: S608 - our own words

MEASURES = {
    "sold": SOLD, "contracted": CONTRACTED, "planned": PLANNED, "worked": WORKED, "billed": BILLED,
    "settled": SETTLED, "paid": PAID, "invoiced": INVOICED, "recognised": RECOGNISED,
}  # fmt: skip
