-- Keeps when what a request recorded expires, so that it becomes an event then, and when it was told
-- that a rolling window is full.
--
-- Creates tables that are empty but for one row an org: at once, however many requests there are. What
-- earlier requests recorded is entered later, in steps, while requests are served.

-- What a request recorded that expires at one instant, and was not told yet: `done` of the
-- `customers` are. A row goes when all are.
CREATE TABLE expiries (
    org_id    INTEGER NOT NULL,
    due_on    INTEGER NOT NULL,
    ledger_no INTEGER NOT NULL,
    customers INTEGER NOT NULL CHECK (customers > done),
    done      INTEGER NOT NULL CHECK (done >= 0),
    PRIMARY KEY (org_id, due_on, ledger_no)
) STRICT, WITHOUT ROWID;

-- Requests that were recorded before there was the table above, and are still to be entered: those
-- with numbers up to `upto`. What had expired at `began_on` is older than the feed, and is left out.
-- A row goes when all are entered.
CREATE TABLE expiry_backlog (
    org_id   INTEGER PRIMARY KEY,
    began_on INTEGER NOT NULL,
    upto     INTEGER NOT NULL
) STRICT;

INSERT INTO expiry_backlog (org_id, began_on, upto)
SELECT org_id, CAST(unixepoch('subsec') * 1000000 AS INTEGER), upto
FROM (
    SELECT o.id AS org_id,
        (SELECT max(l.number) FROM request_ledger l WHERE l.org_id = o.id) AS upto
    FROM orgs o
)
WHERE upto IS NOT NULL;

-- When it was last told that a rolling window of a badge is full.
CREATE TABLE rolling_told (
    org_id   INTEGER NOT NULL,
    badge_id BLOB    NOT NULL,
    unit     INTEGER NOT NULL,
    length   INTEGER NOT NULL,
    told_on  INTEGER NOT NULL,
    PRIMARY KEY (org_id, badge_id, unit, length)
) STRICT, WITHOUT ROWID;
