-- Loses the rules for approval, everything that waits or waited by them, and who owns clients.
ALTER TABLE api_clients DROP COLUMN owner;
DROP TABLE change_subjects;
DROP TABLE changes;
DROP TABLE approval_rules;
