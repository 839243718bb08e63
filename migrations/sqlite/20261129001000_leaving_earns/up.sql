-- Adds columns that are null to a table of few rows: immediate. A server of the last release does not change
-- them, so that what this one then says of when a limit opens again may be wrong: stop the old ones first.

-- The earn that must leave a rolling window before it has room again, so that nobody who is refused has it
-- looked for anew: when it was recorded, how many were recorded after that, and how many at that moment or
-- after it. Null until somebody is refused. It follows every earn and revocation as `earns` does; once it
-- is not after `since` it means nothing.
ALTER TABLE rolling_counts ADD COLUMN leaves_on   INTEGER;
ALTER TABLE rolling_counts ADD COLUMN earns_after INTEGER;
ALTER TABLE rolling_counts ADD COLUMN earns_from  INTEGER;
