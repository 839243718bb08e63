-- Numbers API clients and operators from one sequence, and puts the org into every key.
--
-- On a full table: `request_ledger` and `idempotency` are copied into tables with the new keys,
-- some seconds for a million rows, and need as much room again while they are. Nothing else is
-- recorded meanwhile.

-- Whoever changes something: `kind` is 1 for an API client, 2 for an operator. 0 is the system, and
-- is nobody here. An operator without an org works for every org.
CREATE TABLE actors (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id INTEGER REFERENCES orgs (id),
    kind   INTEGER NOT NULL CHECK (kind IN (1, 2)),
    CHECK (kind = 2 OR org_id IS NOT NULL)
) STRICT;

INSERT INTO actors (number, org_id, kind)
SELECT number, org_id, 1 FROM api_clients ORDER BY number;

-- The next number is greater than any that a client was given.
DELETE FROM sqlite_sequence WHERE name = 'actors';

INSERT INTO sqlite_sequence (name, seq)
SELECT 'actors', seq FROM sqlite_sequence WHERE name = 'api_clients';

CREATE TABLE new_api_clients (
    number        INTEGER PRIMARY KEY REFERENCES actors (number),
    org_id        INTEGER NOT NULL REFERENCES orgs (id),
    name          TEXT    NOT NULL,
    key           TEXT    NOT NULL UNIQUE,
    access_groups INTEGER NOT NULL,
    secret        BLOB    NOT NULL CHECK (length(secret) = 32),
    next_secret   BLOB    CHECK (length(next_secret) = 32),
    created_on    INTEGER NOT NULL,
    revoked_on    INTEGER
) STRICT;

INSERT INTO new_api_clients
SELECT number, org_id, name, key, access_groups, secret, next_secret, created_on, revoked_on
FROM api_clients;

DROP TABLE api_clients;

ALTER TABLE new_api_clients RENAME TO api_clients;

-- `number` names the request in the rows that it recorded, all of which are of the same org; the
-- one writer gives an org's next. `answer` is compact; its first byte tells its form.
CREATE TABLE new_request_ledger (
    org_id       INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    operation    INTEGER NOT NULL,
    request_id   TEXT    NOT NULL,
    recorded_on  INTEGER NOT NULL,
    recorded_by  INTEGER NOT NULL,
    owner_type   INTEGER,
    reference_id TEXT,
    answer       BLOB    NOT NULL,
    PRIMARY KEY (org_id, number),
    CHECK ((owner_type IS NULL) = (reference_id IS NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO new_request_ledger
SELECT org_id, number, operation, request_id, recorded_on, recorded_by, owner_type, reference_id,
       answer
FROM request_ledger ORDER BY org_id, number;

DROP TABLE request_ledger;

ALTER TABLE new_request_ledger RENAME TO request_ledger;

CREATE UNIQUE INDEX request_ledger_id ON request_ledger (org_id, request_id, operation);

-- Holds its answer, or names the row of the request ledger that has it.
CREATE TABLE new_idempotency (
    org_id      INTEGER NOT NULL,
    actor       INTEGER NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    used_on     INTEGER NOT NULL,
    expires_on  INTEGER NOT NULL,
    warnings    TEXT    NOT NULL,
    answer      BLOB,
    operation   INTEGER,
    request_id  TEXT,
    PRIMARY KEY (org_id, actor, key),
    CHECK ((answer IS NULL) <> (request_id IS NULL))
) STRICT;

INSERT INTO new_idempotency
SELECT COALESCE(i.org_id, c.org_id), i.client_number, i.key, i.fingerprint, i.used_on,
       i.expires_on, i.warnings, i.answer, i.operation, i.request_id
FROM idempotency i JOIN api_clients c ON c.number = i.client_number;

DROP TABLE idempotency;

ALTER TABLE new_idempotency RENAME TO idempotency;

CREATE INDEX idempotency_expires_on ON idempotency (org_id, expires_on);
