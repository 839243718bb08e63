-- Loses the regions of orgs. Identifiers stay in the form in which they are compared: how they were
-- written before is lost already.

ALTER TABLE orgs DROP COLUMN region;
