-- Takes the org out of the keys again, and numbers API clients by themselves. Loses operators with
-- their keys; their numbers are not given again.
--
-- On a full table: requests of two orgs may have one number by now, so all are numbered anew, and
-- every enrolment and earned badge is written once more: about a minute for a million.

CREATE TABLE old_idempotency (
    client_number INTEGER NOT NULL,
    key           TEXT    NOT NULL,
    fingerprint   BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    used_on       INTEGER NOT NULL,
    expires_on    INTEGER NOT NULL,
    warnings      TEXT    NOT NULL,
    answer        BLOB,
    org_id        INTEGER,
    operation     INTEGER,
    request_id    TEXT,
    PRIMARY KEY (client_number, key),
    CHECK ((answer IS NULL) <> (request_id IS NULL))
) STRICT;

-- A key that holds its answer names no org.
INSERT INTO old_idempotency
SELECT actor, key, fingerprint, used_on, expires_on, warnings, answer,
       CASE WHEN answer IS NULL THEN org_id END, operation, request_id
FROM idempotency WHERE actor IN (SELECT number FROM api_clients);

DROP TABLE idempotency;

ALTER TABLE old_idempotency RENAME TO idempotency;

CREATE INDEX idempotency_expires_on ON idempotency (expires_on);

CREATE TABLE numbers (
    org_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    new    INTEGER NOT NULL,
    PRIMARY KEY (org_id, number)
) STRICT, WITHOUT ROWID;

INSERT INTO numbers
SELECT org_id, number, row_number() OVER (ORDER BY recorded_on, number, org_id)
FROM request_ledger;

UPDATE enrolments SET request_no =
    (SELECT n.new FROM numbers n
     WHERE n.org_id = enrolments.org_id AND n.number = enrolments.request_no);

UPDATE earned_badges SET request_no =
    (SELECT n.new FROM numbers n
     WHERE n.org_id = earned_badges.org_id AND n.number = earned_badges.request_no);

CREATE TABLE old_request_ledger (
    number       INTEGER PRIMARY KEY,
    org_id       INTEGER NOT NULL,
    operation    INTEGER NOT NULL,
    request_id   TEXT    NOT NULL,
    recorded_on  INTEGER NOT NULL,
    recorded_by  INTEGER NOT NULL,
    owner_type   INTEGER,
    reference_id TEXT,
    answer       BLOB    NOT NULL,
    UNIQUE (org_id, operation, request_id),
    CHECK ((owner_type IS NULL) = (reference_id IS NULL))
) STRICT;

INSERT INTO old_request_ledger
SELECT n.new, l.org_id, l.operation, l.request_id, l.recorded_on, l.recorded_by, l.owner_type,
       l.reference_id, l.answer
FROM request_ledger l JOIN numbers n ON n.org_id = l.org_id AND n.number = l.number
ORDER BY n.new;

DROP TABLE request_ledger;

ALTER TABLE old_request_ledger RENAME TO request_ledger;

DROP TABLE numbers;

CREATE TABLE old_api_clients (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id        INTEGER NOT NULL REFERENCES orgs (id),
    name          TEXT    NOT NULL,
    key           TEXT    NOT NULL UNIQUE,
    access_groups INTEGER NOT NULL,
    secret        BLOB    NOT NULL CHECK (length(secret) = 32),
    next_secret   BLOB    CHECK (length(next_secret) = 32),
    created_on    INTEGER NOT NULL,
    revoked_on    INTEGER
) STRICT;

INSERT INTO old_api_clients
SELECT number, org_id, name, key, access_groups, secret, next_secret, created_on, revoked_on
FROM api_clients ORDER BY number;

DROP TABLE api_clients;

ALTER TABLE old_api_clients RENAME TO api_clients;

DELETE FROM sqlite_sequence WHERE name = 'api_clients';

INSERT INTO sqlite_sequence (name, seq)
SELECT 'api_clients', seq FROM sqlite_sequence WHERE name = 'actors';

DROP TABLE actors;
