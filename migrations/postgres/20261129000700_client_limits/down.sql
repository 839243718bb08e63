-- Loses how much clients may ask for, when they end, and when they were last let in: they may ask for as
-- much as they like, for good.
ALTER TABLE api_clients
    DROP COLUMN requests_per_minute,
    DROP COLUMN customers_per_minute,
    DROP COLUMN ends_on,
    DROP COLUMN last_used_on;
