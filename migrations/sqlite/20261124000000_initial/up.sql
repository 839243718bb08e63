-- Creates every table. Runs on an empty database, so it takes no time.
--
-- Instants are microseconds since 1970-01-01T00:00:00Z, ids twelve bytes. Tables whose key is
-- several columns are stored in its order (WITHOUT ROWID), without an index beside them.

CREATE TABLE orgs (
    id         INTEGER PRIMARY KEY CHECK (id > 0),
    name       TEXT    NOT NULL,
    time_zone  TEXT    NOT NULL,
    created_on INTEGER NOT NULL
) STRICT;

CREATE TABLE api_clients (
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

-- `definition` is JSON in the form of the program's own type. The columns beside it repeat
-- what lists are filtered by.
CREATE TABLE badge_metas (
    org_id      INTEGER NOT NULL,
    id          BLOB    NOT NULL CHECK (length(id) = 12),
    version     INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    name_folded TEXT    NOT NULL,
    starts_on   INTEGER NOT NULL,
    expires_on  INTEGER NOT NULL,
    earn_type   INTEGER NOT NULL,
    active      INTEGER NOT NULL CHECK (active IN (0, 1)),
    owners      INTEGER NOT NULL,
    definition  TEXT    NOT NULL,
    created_on  INTEGER NOT NULL,
    created_by  INTEGER NOT NULL,
    updated_on  INTEGER NOT NULL,
    updated_by  INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, name),
    CHECK (starts_on < expires_on)
) STRICT, WITHOUT ROWID;

CREATE TABLE badge_claims (
    org_id       INTEGER NOT NULL,
    badge_id     BLOB    NOT NULL,
    owner_type   INTEGER NOT NULL,
    reference_id TEXT    NOT NULL,
    position     INTEGER NOT NULL,
    active       INTEGER NOT NULL CHECK (active IN (0, 1)),
    PRIMARY KEY (org_id, badge_id, owner_type, reference_id),
    FOREIGN KEY (org_id, badge_id) REFERENCES badge_metas (org_id, id)
) STRICT, WITHOUT ROWID;

-- Append-only but for `revoked_on`: a customer's enrolments of a badge are numbered from 1.
-- No foreign key and no second index: each would cost every row.
CREATE TABLE enrolments (
    org_id      INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    badge_id    BLOB    NOT NULL,
    ordinal     INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    event_on    INTEGER NOT NULL,
    expires_on  INTEGER NOT NULL,
    recorded_on INTEGER NOT NULL,
    revoked_on  INTEGER,
    PRIMARY KEY (org_id, customer_id, badge_id, ordinal),
    CHECK (event_on < expires_on)
) STRICT, WITHOUT ROWID;

-- `answer` is compact; its first byte tells its form. It may be long, so the table has
-- rowids: the index of the key stays small.
CREATE TABLE request_ledger (
    org_id      INTEGER NOT NULL,
    operation   INTEGER NOT NULL,
    request_id  TEXT    NOT NULL,
    badge_id    BLOB    NOT NULL,
    recorded_on INTEGER NOT NULL,
    recorded_by INTEGER NOT NULL,
    answer      BLOB    NOT NULL,
    PRIMARY KEY (org_id, operation, request_id)
) STRICT;

-- Holds its answer, or names the row of the request ledger that has it.
CREATE TABLE idempotency (
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

CREATE INDEX idempotency_expires_on ON idempotency (expires_on);

-- There is one writer, so one row a badge is enough.
CREATE TABLE badge_counts (
    org_id   INTEGER NOT NULL,
    badge_id BLOB    NOT NULL,
    issued   INTEGER NOT NULL,
    earned   INTEGER NOT NULL,
    PRIMARY KEY (org_id, badge_id)
) STRICT, WITHOUT ROWID;
