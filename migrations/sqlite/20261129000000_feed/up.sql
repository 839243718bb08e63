-- Creates an empty table, so it takes no time whatever the others hold.
--
-- The feed of events: one row for each transaction of which something came, written by the transaction
-- that recorded it. The one writer gives the positions: those of an org are 1, 2, 3 … without a hole;
-- a row has those from `last_position - events + 1` to `last_position`. `kind` is that of its first
-- event. What happened is in the answer of the request in the ledger that `ledger_no` names, and in
-- `data`, whose first byte tells its form. `latest_on` is the latest `recorded_on` up to this row, by
-- which it is found and forgotten. An org's newest row is never deleted: so no position is used twice.
CREATE TABLE feed (
    org_id        INTEGER NOT NULL,
    last_position INTEGER NOT NULL,
    recorded_on   INTEGER NOT NULL,
    latest_on     INTEGER NOT NULL,
    ledger_no     INTEGER,
    events        INTEGER NOT NULL CHECK (events > 0),
    kind          INTEGER NOT NULL,
    data          BLOB,
    PRIMARY KEY (org_id, last_position)
) STRICT, WITHOUT ROWID;
