-- The audit log: who did what to what, in an order nobody can change without being found out.

-- A leaf is written here in the transaction of the action. Nothing waits for anything: no chain, no shared row.
create table audit_waiting (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    actor text not null,
    action text not null,
    object text not null,
    run text,
    engagement text,
    source text,
    digest text
);

-- One sequencer gives each leaf its place. `entry` is the truth, to the byte; `hash` is its RFC 6962 leaf hash.
create table audit_log (
    seq bigint primary key,
    entry text not null,
    hash bytea not null
);
create index audit_log_engagement on audit_log ((entry::jsonb ->> 'engagement'), seq);
create index audit_log_at on audit_log ((entry::jsonb ->> 'at'), seq);

-- Roots of complete subtrees of 256, 65,536 ... leaves: so that a proof reads some hundred rows, however long the log.
create table audit_nodes (
    level int not null,
    number bigint not null,
    hash bytea not null,
    primary key (level, number)
);

create table audit_checkpoints (
    seq bigint generated always as identity primary key,
    size bigint not null,
    at timestamptz not null,
    frontier bytea not null,
    note text not null
);
create index audit_checkpoints_size on audit_checkpoints (size, seq);

-- Up to which checkpoint each place outside has been told.
create table audit_anchored (
    place text primary key,
    checkpoint bigint not null
);

create function audit_stays() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is only ever added to' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_log_stays before update or delete or truncate on audit_log
    for each statement execute function audit_stays();
create trigger audit_nodes_stay before update or delete or truncate on audit_nodes
    for each statement execute function audit_stays();
create trigger audit_checkpoints_stay before update or delete or truncate on audit_checkpoints
    for each statement execute function audit_stays();
