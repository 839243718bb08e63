-- Drops the tables, at once: what expires from then on becomes no event, and it is forgotten when it
-- was told that rolling windows are full.

DROP TABLE rolling_told;

DROP TABLE expiry_backlog;

DROP TABLE expiries;
