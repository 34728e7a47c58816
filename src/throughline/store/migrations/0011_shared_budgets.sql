-- Budgets hold more than a bucket now, and are kept per credential. The old table stays for the release that still runs.

create table call_budgets (
    system text not null,
    credential text not null,
    state jsonb not null,
    version bigint not null,
    at timestamptz not null,
    primary key (system, credential)
);

-- A lane that waits for a system is parked there, and let go when the system can take it: the most urgent, then the
-- oldest first.
alter table lanes add column parked_at text;
alter table lanes add column parked_rank smallint;
alter table lanes add column parked_since timestamptz;
create index lanes_parked on lanes (parked_at, parked_rank, parked_since) where parked_at is not null;
