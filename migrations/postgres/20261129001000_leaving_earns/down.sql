-- Loses nothing: it is looked for again.
ALTER TABLE rolling_counts
    DROP COLUMN leaves_on,
    DROP COLUMN earns_after,
    DROP COLUMN earns_from;
