-- Creates an empty table, so it takes no time whatever the others hold.
--
-- Who of the servers does what only one of them is to do: a background task, or the deliveries of a
-- webhook. A row is somebody's until `held_until`, by this database's clock; afterwards whoever comes
-- first takes it. `taken_from` is who had it before and let it run out. Of no org: `name` says what it
-- is about. A server of a release without this table does none of these things.
CREATE TABLE leases (
    name       TEXT   PRIMARY KEY CHECK (name <> ''),
    holder     BYTEA  NOT NULL CHECK (octet_length(holder) = 16),
    held_until BIGINT NOT NULL,
    taken_from BYTEA  CHECK (octet_length(taken_from) = 16)
);
