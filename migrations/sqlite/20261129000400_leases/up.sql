-- Creates an empty table, so it takes no time whatever the others hold.
--
-- Who does what only one is to do: a background task, or the deliveries of a webhook. A row is
-- somebody's until `held_until`; afterwards whoever comes first takes it. `taken_from` is who had it
-- before and let it run out: the server's process before this one. Of no org: `name` says what it is
-- about.
CREATE TABLE leases (
    name       TEXT    PRIMARY KEY CHECK (name <> ''),
    holder     BLOB    NOT NULL CHECK (length(holder) = 16),
    held_until INTEGER NOT NULL,
    taken_from BLOB    CHECK (length(taken_from) = 16)
) STRICT, WITHOUT ROWID;
