-- Loses the expiries of rows about several requests.
DELETE FROM expiries WHERE requests > 1;

ALTER TABLE expiries DROP COLUMN requests;
