-- People, their keys and their sessions. A key and a session are kept as digests: whoever reads this table can use none.

create table people (
    name text primary key,
    roles text[] not null,
    legal_entities text[],
    from_directory boolean not null,
    added_by text not null,
    added_at timestamptz not null
);

create table access_keys (
    id text primary key,
    name text not null,
    person text references people on delete cascade,
    rights text[] not null,
    legal_entities text[],
    digest text not null,
    made_by text not null,
    made_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index access_keys_person on access_keys (person);

create table sessions (
    digest text primary key,
    person text not null,
    access_key text references access_keys on delete cascade,
    shared_key text,
    began_at timestamptz not null,
    seen_at timestamptz not null
);
create index sessions_key on sessions (access_key);
create index sessions_person on sessions (person);
create index sessions_began on sessions (began_at);

-- What one person has proposed and another has to agree to.
create table proposals (
    hold text primary key,
    choice text not null,
    reason text,
    person text not null,
    at timestamptz not null
);
