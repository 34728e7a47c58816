-- What a vendor that remembers idempotency keys must be sent again, to the letter, and since when it remembers.
alter table effects add column begun_at timestamptz;
alter table effects add column body text;
