-- Loses the expiries of what is in the outbox, and those of rows about several requests: let the outbox get
-- its positions before.
ALTER TABLE outbox
    DROP COLUMN due_on,
    DROP COLUMN due_ledger_no,
    DROP COLUMN due_requests,
    DROP COLUMN due_customers;

DELETE FROM expiries WHERE requests > 1;

ALTER TABLE expiries DROP COLUMN requests;
