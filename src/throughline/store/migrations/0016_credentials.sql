-- A system that does not accept our credentials: one hold says so for all who wait. Such a hold belongs to the system,
-- not to a run. `refused` is the fingerprint of what was not accepted, `waiting` how many runs wait.
alter table holds alter column run drop not null;
alter table holds alter column lane drop not null;
alter table holds alter column correlation drop not null;
alter table holds add column system text;
alter table holds add column refused text;
alter table holds add column waiting int;
create unique index holds_system on holds (system) where state = 'open' and system is not null;

-- Whoever asks for an access token says so first. A row without an answer is a lease; once that is over, the answer
-- was lost, and with it perhaps the only refresh token the vendor still takes.
create table token_requests (
    system text primary key,
    fingerprint text not null,
    asked_at timestamptz not null,
    lease_until timestamptz not null,
    unanswered int not null
);
