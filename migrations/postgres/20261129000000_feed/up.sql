-- Creates two empty tables and a sequence, so it takes no time whatever the others hold.
--
-- The feed of events: one row for each transaction of which something came, written by the transaction
-- that recorded it, as its last statement. A server of a release without these tables records nothing
-- in the feed while a newer one runs: replace all of them before somebody reads it.

-- What was recorded and has no position yet. `number` is drawn by the statement that writes the row,
-- the last before COMMIT: so whatever saw the row's transaction committed has a greater one. Nothing
-- else is to be read into it: numbers are left out, and may come late. Rows stay for a moment only.
CREATE TABLE outbox (
    number      BIGINT   GENERATED ALWAYS AS IDENTITY (CACHE 1),
    org_id      BIGINT   NOT NULL,
    recorded_on BIGINT   NOT NULL,
    ledger_no   BIGINT,
    events      INTEGER  NOT NULL CHECK (events > 0),
    kind        SMALLINT NOT NULL,
    data        BYTEA,
    PRIMARY KEY (org_id, number)
);

-- Every row there is may go at any moment, and another one comes.
ALTER TABLE outbox SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 100000
);

-- The positions of an org are 1, 2, 3 … without a hole; a row has those from
-- `last_position - events + 1` to `last_position`. `kind` is that of its first event. What happened
-- is in the answer of the request in the ledger that `ledger_no` names, and in `data`, whose first
-- byte tells its form. `latest_on` is the latest `recorded_on` up to this row, by which it is found
-- and forgotten. An org's newest row is never deleted: so no position is used twice.
CREATE TABLE feed (
    org_id        BIGINT   NOT NULL,
    last_position BIGINT   NOT NULL,
    recorded_on   BIGINT   NOT NULL,
    latest_on     BIGINT   NOT NULL,
    ledger_no     BIGINT,
    events        INTEGER  NOT NULL,
    kind          SMALLINT NOT NULL,
    data          BYTEA,
    PRIMARY KEY (org_id, last_position)
);
