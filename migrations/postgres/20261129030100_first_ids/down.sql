-- Loses nothing that is not in other rows; enrolments and earned badges are found by their ids no more.
DROP INDEX request_ledger_first_id;

ALTER TABLE request_ledger DROP COLUMN first_id;
