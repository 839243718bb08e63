-- Loses nothing: it is looked for again.
ALTER TABLE rolling_counts DROP COLUMN leaves_on;
ALTER TABLE rolling_counts DROP COLUMN earns_after;
ALTER TABLE rolling_counts DROP COLUMN earns_from;
