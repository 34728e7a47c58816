-- What could not be taken in, replays, and the cancelling of runs. A cancelled run is `done` to whoever does not know
-- better: a worker of the release before leaves it alone.

create table dead_letters (
    id text primary key,
    seq bigint generated always as identity,
    source text not null check (source in ('delivery', 'record', 'run')),
    state text not null check (state in ('trying', 'dead', 'closed')),
    cause text not null check (cause in ('unreadable', 'refused', 'unwell', 'defect')),
    system text,
    kind text,
    key text,
    capture bigint,
    run text,
    input jsonb,
    why text not null,
    trace text not null,
    attempts int not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    due_at timestamptz,
    closed_at timestamptz,
    closed_how text
);
create index dead_letters_due on dead_letters (due_at) where state = 'trying';
create index dead_letters_open on dead_letters (seq) where state <> 'closed';
create index dead_letters_capture on dead_letters (capture) where state <> 'closed';

alter table runs add column cancel jsonb;
alter table runs add column cancelled_at timestamptz;
create index runs_cancel on runs (seq) where cancel is not null and cancelled_at is null;
create index runs_created on runs using brin (created_at);

create table replays (
    id text primary key,
    seq bigint generated always as identity,
    state text not null check (state in ('running', 'done', 'cancelled')),
    dry_run boolean not null,
    query jsonb not null,
    asked_by text not null,
    reason text,
    total int not null,
    summary jsonb not null,
    asked_at timestamptz not null,
    finished_at timestamptz,
    lease_until timestamptz
);
create index replays_running on replays (seq) where state = 'running';
create index replays_seq on replays (seq);

create table replay_items (
    replay text not null,
    n int not null,
    rank int not null,
    source text not null check (source in ('dead_letter', 'capture', 'run')),
    what text not null,
    state text not null check (state in ('waiting', 'under way', 'done', 'left')),
    outcome text,
    passes int,
    detail jsonb,
    at timestamptz,
    primary key (replay, n)
);
create index replay_items_open on replay_items (replay, rank, n) where state in ('waiting', 'under way');
