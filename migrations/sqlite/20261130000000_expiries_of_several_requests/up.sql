-- Adds a column with a constant default and a check: the table is read once, and not written. A server of the
-- last release cannot read rows about several requests: do not go back to it.

-- How many requests a row is about: that of `ledger_no` and those that follow it, which one transaction
-- recorded and of which something is due at the same instant.
ALTER TABLE expiries ADD COLUMN requests INTEGER NOT NULL DEFAULT 1 CHECK (requests > 0);
