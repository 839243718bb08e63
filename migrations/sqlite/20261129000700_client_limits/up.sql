-- Adds columns that are null to a table of few rows: immediate. A server of the last release does not
-- look at them: it bounds nobody, and lets in whoever has ended.

-- How much a client may ask for, null for as much as it likes; until when it is let in, null for good;
-- and when it was last, to about a minute.
ALTER TABLE api_clients ADD COLUMN requests_per_minute  INTEGER CHECK (requests_per_minute > 0);
ALTER TABLE api_clients ADD COLUMN customers_per_minute INTEGER CHECK (customers_per_minute > 0);
ALTER TABLE api_clients ADD COLUMN ends_on              INTEGER;
ALTER TABLE api_clients ADD COLUMN last_used_on         INTEGER;
