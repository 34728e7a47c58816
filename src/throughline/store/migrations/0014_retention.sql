-- Captures in parts that can be taken away whole: a range of numbers for each month, in it one part for deliveries and
-- one for our calls. Whatever columns and indexes the table has by now stay. What was kept until here is the first
-- part as it is: not one row is copied; new ones go into the second. The release before writes and reads as it did.
do $$
declare
    width constant bigint := 100000000;
    newest bigint := (select coalesce(max(id), 0) from captures);
    edge bigint := (newest / width + 1) * width;
    made record;
    number bigint;
begin
    alter table captures rename to captures_0;
    alter table captures_0 alter column id drop identity;
    create table captures (like captures_0 including constraints including storage) partition by range (id);
    alter table captures alter column id add generated always as identity;
    perform setval(pg_get_serial_sequence('captures', 'id'), edge, false);

    create unique index captures_key on captures (id, direction);
    for made in
        select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as said
        from pg_index where indrelid = 'captures_0'::regclass and not indisunique
    loop
        execute format('alter index %I rename to %I', made.name, 'captures_0_' || substr(made.name, 10));
        execute replace(made.said, ' ON public.captures_0 ', ' ON public.captures ');
    end loop;
    execute format('alter table captures attach partition captures_0 for values from (minvalue) to (%s)', edge);

    for number in edge / width .. edge / width + 1 loop
        execute format('create table captures_%s partition of captures for values from (%s) to (%s)
                        partition by list (direction)', number, number * width, (number + 1) * width);
        execute format('create table captures_%s_in partition of captures_%1$s for values in (''in'')', number);
        execute format('create table captures_%s_out partition of captures_%1$s for values in (''out'')', number);
    end loop;
end
$$;

-- Since when each range of numbers is written into, and until when it was.
create table months (
    number bigint primary key,
    opened_at timestamptz not null,
    left_at timestamptz
);

-- What was taken out of the tables, and where it is now: a certificate each.
create table archives (
    seq bigint generated always as identity primary key,
    id text not null unique,
    kind text not null,
    part text not null,
    first bigint not null,
    last bigint not null,
    since timestamptz not null,
    until timestamptz not null,
    rows bigint not null,
    bytes bigint not null,
    digest text not null,
    worker text not null,
    firm_version int not null,
    days int not null,
    certified_at timestamptz,
    at timestamptz not null
);
create index archives_last on archives (part, last);
create index archives_uncertified on archives (seq) where certified_at is null;

create index notices_at on notices (at);
create index idempotency_keys_at on idempotency_keys (at);
