-- Adds columns that are null or have a constant default: immediate, however full the tables are. A server of
-- the last release would leave out what is due of rows that it takes from the outbox: stop the old ones first.
SET LOCAL lock_timeout = '5s';

-- How many requests a row is about: that of `ledger_no` and those that follow it, which one transaction
-- recorded and of which something is due at the same instant.
ALTER TABLE expiries
    ADD COLUMN requests INTEGER NOT NULL DEFAULT 1,
    ADD CONSTRAINT expiries_requests_check CHECK (requests > 0) NOT VALID;

-- The row of `expiries` that comes of what was recorded, once it has its position; null if there is none, or
-- several, be it for several instants or because numbers do not follow each other: those are there already.
ALTER TABLE outbox
    ADD COLUMN due_on        BIGINT,
    ADD COLUMN due_ledger_no BIGINT,
    ADD COLUMN due_requests  INTEGER,
    ADD COLUMN due_customers INTEGER;
