-- Drops the table, at once.

DROP TABLE catalogue_versions;
