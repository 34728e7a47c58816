-- Reconciliation: when each comparison was last made and what both sides came to, and what does not agree.

-- What is compared is read kind by kind.
create index entities_kind on entities (kind, id);

create table reconciliations (
    comparison text primary key,
    due_at timestamptz not null,
    lease_until timestamptz,
    first_at timestamptz,
    began_at timestamptz,
    finished_at timestamptz,
    left_said jsonb not null,
    right_said jsonb not null,
    why text
);

create table breaks (
    id text primary key,
    seq bigint generated always as identity,
    comparison text not null,
    key text not null,
    sort text not null check (sort in
        ('missing', 'doubled', 'amount', 'rate', 'period', 'currency', 'stale', 'orphan')),
    about text not null,
    engagement text,
    period text,
    fields text[] not null,
    left_said jsonb,
    right_said jsonb,
    owner text not null,
    amount numeric,
    currency text,
    state text not null check (state in ('history', 'watched', 'open', 'regressed', 'closed')),
    times int not null,
    first_seen_at timestamptz not null,
    since timestamptz not null,
    last_seen_at timestamptz not null,
    closed_at timestamptz
);
create index breaks_queue on breaks (amount desc nulls last, seq) where state in ('open', 'regressed');
create index breaks_comparison on breaks (comparison, key) where state <> 'closed';
create index breaks_engagement on breaks (engagement, seq) where engagement is not null;
create index breaks_seq on breaks (seq);

-- From a break to the records behind it: what belongs to a deal, and what was paid for an invoice.
create index entities_opportunity on entities ((fields ->> 'opportunity')) where kind in ('contract', 'project');
create index entities_paid on entities using gin ((fields -> 'applications') jsonb_path_ops) where kind = 'payment';

-- Completeness: what a system itself counts of a kind and month, and what we hold of it.
create table censuses (
    system text not null,
    kind text not null,
    period text not null,
    said bigint not null,
    held bigint not null,
    said_totals jsonb,
    held_totals jsonb not null,
    finding text not null check (finding in ('complete', 'skipped', 'gone', 'total')),
    since timestamptz not null,
    until timestamptz not null,
    differs_since timestamptz,
    taken_at timestamptz not null,
    primary key (system, kind, period)
);
