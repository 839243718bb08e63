-- Creates an empty table, so it takes no time whatever the others hold.
--
-- How often the badges, claims and groups of an org changed: servers remember an org's badges, and
-- use them while this number is the same. An org without a row is at 0. A server of a release
-- without this table may edit badges while a newer one runs: what it changes shows up to a minute
-- late in customers' lists.

CREATE TABLE catalogue_versions (
    org_id  INTEGER PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;
