-- Loses whom operators are linked to: they sign in with their passwords alone.
DROP INDEX operators_linked;

ALTER TABLE operators
    DROP CONSTRAINT operators_link,
    DROP COLUMN link_issuer,
    DROP COLUMN link_subject;
