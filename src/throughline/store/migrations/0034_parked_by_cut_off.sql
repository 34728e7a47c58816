-- Of the lanes parked at a system the most urgent are let go first, of those the ones with the earliest cut-off, and then
-- the oldest. The index without cut-offs stays for the release that still runs.
alter table lanes add column parked_cut_off timestamptz;
create index lanes_parked_by_cut_off on lanes (parked_at, parked_rank, parked_cut_off, parked_since)
    where parked_at is not null;
