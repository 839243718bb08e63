-- Adds columns without a default and an index of a table with a row for each operator, so it takes no time.
-- A server of the last release links nobody, and leaves links as they are.

-- Who an operator is to a provider that may sign her in: what it calls itself, and what it calls her.
ALTER TABLE operators ADD COLUMN link_issuer TEXT;

ALTER TABLE operators ADD COLUMN link_subject TEXT
    CHECK ((link_issuer IS NULL) = (link_subject IS NULL));

-- One who is disabled holds hers no more, so that another operator can be linked to it.
CREATE UNIQUE INDEX operators_linked ON operators (link_issuer, link_subject)
    WHERE disabled_on IS NULL;
