-- The foundation. Times come in as arguments: no default and no now() decides anything here.

create table captures (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    system text not null,
    direction text not null check (direction in ('in', 'out')),
    state text not null check (state in ('done', 'new', 'refused', 'failed')),
    method text not null,
    url text not null,
    status int,
    outcome text not null,
    took_ms real,
    correlation text,
    run text,
    request_headers jsonb not null,
    request_body bytea not null,
    answer_headers jsonb not null,
    answer_body bytea not null
);
create index captures_new on captures (system, id) where state = 'new';
create index captures_correlation on captures (correlation, id) where correlation is not null;
create index captures_failed on captures (id) where state in ('failed', 'refused');

create table notices (
    system text not null,
    id text not null,
    at timestamptz not null,
    primary key (system, id)
);

create table records (
    system text not null,
    kind text not null,
    key text not null,
    digest text not null,
    body jsonb not null,
    seen_at timestamptz not null,
    primary key (system, kind, key)
);

create table entities (
    id text primary key,
    kind text not null,
    version int not null,
    fields jsonb not null,
    unread jsonb not null,
    provenance jsonb not null,
    updated_at timestamptz not null
);
create index entities_customer on entities ((fields ->> 'customer')) where kind = 'opportunity';

create table entity_versions (
    id text not null,
    version int not null,
    changed jsonb not null,
    source text not null,
    at timestamptz not null,
    primary key (id, version)
);

create table refusals (
    entity text not null,
    field text not null,
    system text not null,
    owner text,
    value jsonb,
    at timestamptz not null,
    primary key (entity, field, system)
);

create table links (
    system text not null,
    kind text not null,
    key text not null,
    entity text not null,
    sent jsonb not null,
    at timestamptz not null,
    primary key (system, kind, key)
);
create unique index links_entity on links (entity, system, kind);

create table events (
    seq bigint generated always as identity primary key,
    id text not null unique,
    type text not null,
    subject text not null,
    fields jsonb not null,
    correlation text not null,
    run text,
    at timestamptz not null
);
create index events_subject on events (subject, seq);
create index events_correlation on events (correlation, seq);

create table lanes (
    key text primary key,
    due_at timestamptz,
    lease_until timestamptz,
    worker text,
    fence bigint not null
);
create index lanes_due on lanes (due_at) where due_at is not null;
create index lanes_leased on lanes (lease_until) where lease_until is not null;

create table runs (
    seq bigint generated always as identity primary key,
    id text not null unique,
    workflow text not null,
    lane text not null,
    event_type text not null,
    event jsonb not null,
    subject text not null,
    state text not null check (state in ('due', 'held', 'waiting', 'retrying', 'done', 'defect')),
    why text,
    parts jsonb not null,
    reads text[] not null,
    attempt int not null,
    passes int not null,
    correlation text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    finished_at timestamptz
);
create index runs_open on runs (lane, seq) where state <> 'done';
-- Only runs that wait are asked what they have read: one that goes through never enters this index.
create index runs_reads on runs using gin (reads) where state in ('held', 'waiting', 'retrying', 'defect');
create index runs_subject on runs (subject, seq);

create table effects (
    key text primary key,
    seq bigint generated always as identity,
    run text not null,
    part text,
    system text not null,
    kind text not null,
    entity text not null,
    operation text not null check (operation in ('create', 'update')),
    rung text not null,
    state text not null check (state in
        ('planned', 'intent', 'sent', 'confirmed', 'rejected', 'unknown', 'settling', 'probed', 'quarantined')),
    fields jsonb not null,
    their_key text,
    attempts int not null,
    why text,
    settle_until timestamptz,
    took_ms real,
    at timestamptz not null
);
create index effects_run on effects (run, seq);
create index effects_entity on effects (entity, seq);

create table holds (
    seq bigint generated always as identity,
    id text primary key,
    run text not null,
    lane text not null,
    subject text not null,
    part text,
    name text not null,
    kind text not null check (kind in ('hold', 'question', 'unknown', 'quarantine', 'defect')),
    why text not null,
    fix text not null,
    owner text not null,
    amount numeric,
    currency text,
    choices text[] not null,
    candidates jsonb not null,
    correlation text not null,
    state text not null check (state in ('open', 'closed')),
    opened_at timestamptz not null,
    closed_at timestamptz,
    closed_how text
);
create unique index holds_open on holds (run, name) where state = 'open';
create index holds_queue on holds (amount desc nulls last, seq) where state = 'open';
create index holds_subject on holds (subject, seq);

create table answers (
    run text not null,
    name text not null,
    choice text not null,
    reason text,
    person text not null,
    at timestamptz not null,
    primary key (run, name)
);

create table cursors (
    system text not null,
    kind text not null,
    cursor text,
    polled_at timestamptz,
    lease_until timestamptz,
    why text,
    primary key (system, kind)
);

create table tokens (
    system text primary key,
    fingerprint text not null,
    sealed bytea not null,
    expires_at timestamptz,
    refreshed_at timestamptz not null,
    refreshes int not null
);

create table budgets (
    system text primary key,
    tokens double precision not null,
    refilled_at timestamptz not null
);

create table breakers (
    system text not null,
    endpoint text not null,
    failures int not null,
    open_until timestamptz,
    why text,
    at timestamptz not null,
    primary key (system, endpoint)
);

create table workers (
    id text primary key,
    host text not null,
    pid int not null,
    started_at timestamptz not null,
    seen_at timestamptz not null
);

create table firm_versions (
    version int generated always as identity primary key,
    digest text not null,
    files jsonb not null,
    applied_by text not null,
    applied_at timestamptz not null
);

create table journal (
    seq bigint generated always as identity primary key,
    at timestamptz not null,
    actor text not null,
    action text not null,
    object text not null,
    detail jsonb not null
);
create index journal_object on journal (object, seq);

create table idempotency_keys (
    key text primary key,
    request text not null,
    status int,
    body jsonb,
    at timestamptz not null
);
create index links_short_key on links (left(key, 15));
create index runs_correlation on runs (correlation, seq);
create index holds_correlation on holds (correlation, seq);
create index holds_seq on holds (seq);
create index captures_at on captures using brin (at);
