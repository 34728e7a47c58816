-- Find anything: the words, numbers and amounts a person knows a thing by, on one index, without any extension.

-- The functions' bodies are parsed here and now, not when they run: an index is kept up under another search_path.

-- Words as people type them: lower case, without what stands between them. What is endless in a vendor's record is cut
-- off, because PostgreSQL refuses longer words and a name must never stop a record from being kept.
create function words_in(said text) returns text[] language sql immutable parallel safe begin atomic
    select array_agg(distinct left(word, 60))
    from unnest(regexp_split_to_array(lower(left(said, 2000)), '[^[:alnum:]]+')) as word
    where word <> '';
end;

-- An amount is one word of its own, the same for 1200.5 and 1200.50.
create function amount_word(said text) returns text language sql immutable parallel safe
    return case when said ~ '^-?[0-9]{1,30}(\.[0-9]{1,20})?$' then '=' || trim_scale(said::numeric)::text end;

create function sought_by(fields jsonb) returns tsvector language sql immutable parallel safe
    return array_to_tsvector(array_remove(
        words_in(
            coalesce(fields ->> 'name', '') || ' ' || coalesce(fields ->> 'number', '') || ' '
            || coalesce(fields ->> 'code', '') || ' ' || coalesce(fields ->> 'purchase_order', '') || ' '
            || coalesce(fields ->> 'reference', '') || ' ' || coalesce(fields ->> 'tax_id', '') || ' '
            || coalesce(fields ->> 'first_name', '') || ' ' || coalesce(fields ->> 'last_name', '') || ' '
            || coalesce(fields ->> 'email', ''))
        || array[
            amount_word(fields -> 'amount' ->> 'amount'), amount_word(fields -> 'total' ->> 'amount'),
            amount_word(fields -> 'net' ->> 'amount'), amount_word(fields -> 'open_amount' ->> 'amount'),
            amount_word(fields -> 'value' ->> 'amount'), amount_word(fields -> 'budget' ->> 'amount'),
            amount_word(fields -> 'amount_delta' ->> 'amount')],
        null));

-- Not the millions of hours and charges: nobody knows one of those by a name.
create index entities_sought_by on entities using gin (sought_by(fields))
    where kind in ('change_order', 'contact', 'contract', 'credit_memo', 'customer', 'invoice', 'opportunity', 'payment',
                   'project', 'quote');

-- Who did what to what, newest first, also within a time.
create index audit_log_actor on audit_log ((entry::jsonb ->> 'actor'), (entry::jsonb ->> 'at'), seq);
create index audit_log_action on audit_log ((entry::jsonb ->> 'action'), (entry::jsonb ->> 'at'), seq);
create index audit_log_object on audit_log ((entry::jsonb ->> 'object'), (entry::jsonb ->> 'at'), seq);
