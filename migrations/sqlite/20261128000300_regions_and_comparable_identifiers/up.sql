-- Gives orgs a region, and has the directory keep identifiers in the form in which they are compared
-- now: texts in Unicode's normal form C, e-mail addresses without regard to case, telephone numbers
-- as E.164 or their digits. Ids of requests, references of claims and names of custom fields get the
-- form in which texts are kept now: without blanks around them, in normal form C.
--
-- Adding the column is immediate. The forms are made by the program, in the same transaction
-- (`comparable.rs` and `stored_texts.rs` in `crates/persistence/src/shared`): it reads telephone
-- numbers and what is not ASCII or has blanks around it, and writes what changes, about a minute for a
-- million telephone numbers, and looks once through `request_ledger`, some seconds for ten million.
-- Nothing else is recorded meanwhile.

-- Two letters of ISO 3166-1: where telephone numbers are dialled that have no code of their country.
ALTER TABLE orgs ADD COLUMN region TEXT;
