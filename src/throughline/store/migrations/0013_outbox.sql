-- The outbox: who is told of events, what is on its way to whom, and each attempt to bring it there.

-- A statement gives out numbers (`seq`) before its transaction has an id of its own, and a transaction without an id is
-- seen by nobody: whoever follows the log would step over its numbers. So the id is taken before the first number.
-- How the log is followed is told in `throughline/hub/horizon.py`.
create function events_begin() returns trigger language plpgsql as
    $$ begin perform pg_current_xact_id(); return null; end $$;
create trigger events_begin before insert on events for each statement execute function events_begin();

create table subscriptions (
    id text primary key,
    kind text not null check (kind in ('webhook', 'nats')),
    url text not null,
    types text[] not null,
    state text not null check (state in ('active', 'paused', 'off')),
    why text,
    signing text not null check (signing in ('v1', 'v1a', 'none')),
    public_key text,
    secret bytea,
    previous bytea,
    previous_until timestamptz,
    place bigint not null,
    failing_since timestamptz,
    next_at timestamptz,
    lease_until timestamptz,
    worker text,
    fence bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table deliveries (
    subscription text not null,
    seq bigint not null,
    event text not null,
    type text not null,
    subject text not null,
    happened_at timestamptz not null,
    state text not null check (state in ('due', 'behind', 'delivered', 'failed')),
    step int not null,
    tried int not null,
    due_at timestamptz not null,
    why text,
    finished_at timestamptz,
    primary key (subscription, seq)
);
-- The oldest open delivery of each key is due, those after it are behind it: the order of a key is an index.
create unique index deliveries_head on deliveries (subscription, subject) where state = 'due';
create index deliveries_due on deliveries (subscription, due_at, seq) where state = 'due';
create index deliveries_key on deliveries (subscription, subject, seq) where state in ('due', 'behind');
create index deliveries_failed on deliveries (subscription, seq) where state = 'failed';
create index deliveries_finished on deliveries (finished_at) where finished_at is not null;

create table attempts (
    subscription text not null,
    seq bigint not null,
    n int not null,
    at timestamptz not null,
    status int,
    why text,
    took_ms real,
    primary key (subscription, seq, n)
);
