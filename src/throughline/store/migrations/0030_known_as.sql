-- Who is one and the same in several systems, and what points at somebody whom nobody has met yet.

-- What tells who somebody is, such as a work address, spelled alike. Whoever is named first keeps the name.
create table known_as (
    kind text not null,
    said text not null,
    entity text not null,
    at timestamptz not null,
    primary key (kind, said)
);
insert into known_as (kind, said, entity, at)
    select 'resource', lower(trim(fields ->> 'email')), id, updated_at from entities
    where kind = 'resource' and trim(coalesce(fields ->> 'email', '')) <> ''
    order by id
    on conflict do nothing;

-- `entity` points at this record, and is read again when the record has been read. A row is gone then.
create table unmet (
    system text not null,
    kind text not null,
    key text not null,
    entity text not null,
    primary key (system, kind, key, entity)
);
