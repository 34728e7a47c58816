-- What a billing run has done with its lines. A reference is charged once, whichever run it comes in.

create table billing_runs (
    id text primary key,
    lines bigint not null,
    position bigint not null,
    begun_at timestamptz not null,
    updated_at timestamptz not null
);

create table billing_items (
    reference text primary key,
    run text not null,
    line bigint not null,
    heading text not null,
    project text not null,
    task text,
    person text not null,
    role text not null,
    day date not null,
    period text not null,
    quantity numeric not null,
    unit_price numeric not null,
    amount numeric not null,
    currency text not null,
    approved_by text not null,
    approved_at timestamptz,
    note text
);
create unique index billing_items_line on billing_items (run, line);

create table uncharged_lines (
    run text not null,
    line bigint not null,
    reference text not null,
    held boolean not null,
    why text not null,
    fix text not null,
    primary key (run, line)
);
create index uncharged_lines_held on uncharged_lines (run, line) where held;

create table billing_totals (
    run text not null,
    heading text not null,
    contract text not null,
    project text,
    period text not null,
    currency text not null,
    unit_price numeric not null,
    rounding text not null,
    lines bigint not null,
    quantity numeric not null,
    amount numeric not null,
    primary key (run, heading)
);
