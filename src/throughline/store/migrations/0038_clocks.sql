-- Clocks: how long each hop of the business takes, and what of a month's work is billed; both read off the event log.

-- One row for each time something is on its way over a hop. `look_at` says when it is to be looked at again.
create table clocks (
    id text primary key,
    seq bigint generated always as identity,
    hop text not null,
    subject text not null,
    engagement text not null,
    legal_entity text,
    amount numeric,
    currency text,
    state text not null check (state in ('running', 'met', 'missed', 'untimed', 'given_up')),
    paused boolean not null,
    began_at timestamptz not null,
    due_at timestamptz,
    look_at timestamptz,
    near_at timestamptz,
    breached_at timestamptz,
    ended_at timestamptz,
    spent_seconds double precision
);
create unique index clocks_running on clocks (hop, subject) where state = 'running';
create index clocks_look on clocks (look_at) where look_at is not null;
create index clocks_due on clocks (hop, due_at, seq) where state = 'running';
create index clocks_late on clocks (breached_at) where state = 'running' and breached_at is not null;
create index clocks_engagement on clocks (engagement, seq);
create index clocks_began on clocks (hop, began_at);
create index clocks_ended on clocks (hop, ended_at) where ended_at is not null;

-- Up to where the log has been read, since when we watch, and for which version of the firm every clock was worked out.
create table clockwork (
    one boolean primary key check (one),
    place bigint not null,
    since timestamptz not null,
    firm_version int not null
);

-- How many events of each type there were on each day.
create table event_days (
    day date not null,
    type text not null,
    events bigint not null,
    primary key (day, type)
);

-- What was approved of a month's work on a project, and how much of that is on drafts and on invoices that are out.
-- `unpriced` lines have no rate, or are in another currency: what they are worth nobody knows, and they are in none of
-- the amounts.
create table work_months (
    project text not null,
    period text not null,
    engagement text,
    legal_entity text,
    currency text,
    lines int not null,
    unpriced int not null,
    hours numeric not null,
    approved numeric not null,
    drafted_lines int not null,
    drafted numeric not null,
    billed_lines int not null,
    billed numeric not null,
    open_hours numeric not null,
    oldest_open date,
    read_at timestamptz not null,
    primary key (project, period)
);
create index work_months_entity on work_months (legal_entity, period);
create index work_months_open on work_months (period, project) where billed_lines < lines;

-- How far the billing of a company's month was at a moment: what a drain rate is worked out from.
create table billing_progress (
    legal_entity text not null,
    period text not null,
    at timestamptz not null,
    lines bigint not null,
    done bigint not null,
    primary key (legal_entity, period, at)
);

create index holds_closed on holds (closed_at) where closed_at is not null;
create index holds_opened on holds (opened_at);
create index holds_of_lane on holds (lane) where state = 'open';
create index entities_invoice_state on entities ((fields ->> 'state')) where kind = 'invoice';
create index entities_invoice_issued on entities ((fields ->> 'issued_on')) where kind = 'invoice';
