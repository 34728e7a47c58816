-- The desk: holds are grouped by cause, given to people, put off, and decided many at a time.

alter table holds add column workflow text;
alter table holds add column at_system text;
alter table holds add column fingerprint text;
alter table holds add column cause text;
alter table holds add column regressed boolean;
alter table holds add column assignee text;
alter table holds add column snoozed_until timestamptz;
-- What a system refused to be told, in our words.
alter table holds add column refused_put jsonb;

-- Most money first, an unknown amount last, then the oldest: one index for each way the queue is cut.
create index holds_desk on holds (state, coalesce(amount, '-infinity') desc, (-seq) desc);
create index holds_desk_owner on holds (state, owner, coalesce(amount, '-infinity') desc, (-seq) desc);
create index holds_desk_assignee on holds (state, assignee, coalesce(amount, '-infinity') desc, (-seq) desc);
create index holds_desk_system on holds (state, at_system, coalesce(amount, '-infinity') desc, (-seq) desc);
create index holds_desk_workflow on holds (state, workflow, coalesce(amount, '-infinity') desc, (-seq) desc);
create index holds_desk_cause on holds (state, cause, coalesce(amount, '-infinity') desc, (-seq) desc);
create index holds_snoozed on holds (snoozed_until) where state = 'open' and snoozed_until is not null;
create index holds_regressed on holds (coalesce(amount, '-infinity') desc, (-seq) desc) where state = 'open' and regressed;
-- What all of them come to is read from here alone.
create index holds_open_totals on holds (owner, at_system, workflow, cause, currency)
    include (amount, assignee, snoozed_until, regressed, opened_at, correlation) where state = 'open';
-- Those of systems, and of the release before, which knew no causes.
create index holds_nameless on holds (seq) where state = 'open' and fingerprint is null;

create table causes (
    id text primary key,
    seq bigint generated always as identity,
    workflow text,
    part text,
    kind text not null,
    pattern text not null,
    merged_into text,
    split_from text,
    state text not null check (state in ('open', 'resolved', 'regressed')),
    reason text,
    person text,
    resolved_at timestamptz,
    regressed_at timestamptz,
    first_at timestamptz not null
);
create index causes_merged on causes (merged_into) where merged_into is not null;

-- What people decided, and whether the run went through afterwards.
create table decisions (
    seq bigint generated always as identity primary key,
    hold text not null,
    run text,
    name text not null,
    cause text,
    fingerprint text,
    how text not null check (how in ('released', 'answered')),
    choice text,
    reason text,
    person text not null,
    at timestamptz not null,
    outcome text check (outcome in ('went through', 'came back')),
    why text,
    ended_at timestamptz
);
create index decisions_hold on decisions (hold, seq);
create index decisions_cause on decisions (cause, seq) where cause is not null;
create index decisions_open on decisions (run) where outcome is null and run is not null;

create table batches (
    id text primary key,
    seq bigint generated always as identity,
    state text not null check (state in ('running', 'done', 'stopped', 'cancelled')),
    action text not null check (action in ('release', 'answer', 'assign', 'snooze', 'resolve')),
    said jsonb not null,
    query jsonb not null,
    cause text,
    canary boolean not null,
    asked_by text not null,
    reason text not null,
    total int not null,
    amounts jsonb not null,
    unknown int not null,
    why text,
    lease_until timestamptz,
    asked_at timestamptz not null,
    finished_at timestamptz
);
create index batches_running on batches (seq) where state = 'running';
create index batches_seq on batches (seq);

create table batch_items (
    batch text not null,
    n int not null,
    hold text not null,
    amount numeric,
    currency text,
    state text not null check (state in ('waiting', 'under way', 'done', 'left')),
    outcome text,
    decision bigint,
    at timestamptz,
    primary key (batch, n)
);
create index batch_items_open on batch_items (batch, n) where state in ('waiting', 'under way');

-- What a person wants said to a system, for one run, instead of what the run would say.
create table corrections (
    run text not null,
    system text not null,
    entity text not null,
    field text not null,
    said jsonb not null,
    person text not null,
    reason text not null,
    at timestamptz not null,
    primary key (run, system, entity, field)
);
