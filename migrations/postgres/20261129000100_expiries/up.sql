-- Keeps when what a request recorded expires, so that it becomes an event then, and when it was told
-- that a rolling window is full.
--
-- Creates tables that are empty but for one row an org: at once, however many requests there are. What
-- earlier requests recorded is entered later, in steps, while requests are served. What a server of
-- an earlier version records afterwards would never be: stop them all first.

-- What a request recorded that expires at one instant, and was not told yet: `done` of the
-- `customers` are. A row goes when all are.
CREATE TABLE expiries (
    org_id    BIGINT  NOT NULL,
    due_on    BIGINT  NOT NULL,
    ledger_no BIGINT  NOT NULL,
    customers INTEGER NOT NULL,
    done      INTEGER NOT NULL CHECK (done >= 0),
    PRIMARY KEY (org_id, due_on, ledger_no),
    CHECK (customers > done)
);

-- Requests that were recorded before there was the table above, and are still to be entered: those
-- with numbers up to `upto`. What had expired at `began_on` is older than the feed, and is left out.
-- A row goes when all are entered.
CREATE TABLE expiry_backlog (
    org_id   BIGINT PRIMARY KEY,
    began_on BIGINT NOT NULL,
    upto     BIGINT NOT NULL
);

INSERT INTO expiry_backlog (org_id, began_on, upto)
SELECT org_id, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, upto
FROM (
    SELECT o.id AS org_id,
        (SELECT max(l.number) FROM request_ledger l WHERE l.org_id = o.id) AS upto
    FROM orgs o
) AS l
WHERE upto IS NOT NULL;

-- When it was last told that a rolling window of a badge is full.
CREATE TABLE rolling_told (
    org_id   BIGINT   NOT NULL,
    badge_id BYTEA    NOT NULL,
    unit     SMALLINT NOT NULL,
    length   BIGINT   NOT NULL,
    told_on  BIGINT   NOT NULL,
    PRIMARY KEY (org_id, badge_id, unit, length)
);
