-- Loses whom operators are linked to: they sign in with their passwords alone.
DROP INDEX operators_linked;

ALTER TABLE operators DROP COLUMN link_subject;

ALTER TABLE operators DROP COLUMN link_issuer;
