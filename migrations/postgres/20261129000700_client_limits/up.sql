-- Adds columns that are null to a table of few rows: immediate, under a lock that waits for nobody who
-- works for long. A server of the last release does not look at them: it bounds nobody, and lets in
-- whoever has ended.
SET LOCAL lock_timeout = '5s';

-- How much a client may ask for, null for as much as it likes; until when it is let in, null for good;
-- and when it was last, to about a minute.
ALTER TABLE api_clients
    ADD COLUMN requests_per_minute  BIGINT CHECK (requests_per_minute > 0),
    ADD COLUMN customers_per_minute BIGINT CHECK (customers_per_minute > 0),
    ADD COLUMN ends_on              BIGINT,
    ADD COLUMN last_used_on         BIGINT;
