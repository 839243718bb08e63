-- Gives orgs a region, and has the directory keep identifiers in the form in which they are compared
-- now: texts in Unicode's normal form C, e-mail addresses without regard to case, telephone numbers
-- as E.164 or their digits.
--
-- Adding the column is immediate. The forms are made by the program, in the same transaction
-- (`crates/persistence/src/shared/comparable.rs`): it reads telephone numbers and what is not ASCII,
-- and writes what changes, about a minute for a million telephone numbers. Meanwhile nobody writes
-- the directory; all else goes on. Servers of an earlier version look for identifiers as they were:
-- stop them all first.

SET LOCAL lock_timeout = '5s';

LOCK TABLE customer_identifiers IN SHARE ROW EXCLUSIVE MODE;

-- Two letters of ISO 3166-1: where telephone numbers are dialled that have no code of their country.
ALTER TABLE orgs ADD COLUMN region TEXT;
