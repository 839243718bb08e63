-- Creates every table. Runs on an empty database, so it takes no time.
--
-- Instants are microseconds since 1970-01-01T00:00:00Z, ids twelve bytes. Text is compared by
-- code point (COLLATE "C"), as it is on SQLite.

CREATE TABLE orgs (
    id         BIGINT PRIMARY KEY CHECK (id > 0),
    name       TEXT   NOT NULL,
    time_zone  TEXT   NOT NULL,
    created_on BIGINT NOT NULL
);

CREATE TABLE api_clients (
    number        BIGINT   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id        BIGINT   NOT NULL REFERENCES orgs (id),
    name          TEXT     NOT NULL,
    key           TEXT     NOT NULL COLLATE "C" UNIQUE,
    access_groups SMALLINT NOT NULL,
    secret        BYTEA    NOT NULL CHECK (length(secret) = 32),
    next_secret   BYTEA    CHECK (length(next_secret) = 32),
    created_on    BIGINT   NOT NULL,
    revoked_on    BIGINT
);

-- `definition` is JSON in the form of the program's own type; it is text, because benefits
-- are given back byte for byte. The columns beside it repeat what lists are filtered by.
CREATE TABLE badge_metas (
    org_id      BIGINT   NOT NULL,
    id          BYTEA    NOT NULL CHECK (length(id) = 12),
    version     BIGINT   NOT NULL,
    name        TEXT     NOT NULL COLLATE "C",
    name_folded TEXT     NOT NULL COLLATE "C",
    starts_on   BIGINT   NOT NULL,
    expires_on  BIGINT   NOT NULL,
    earn_type   SMALLINT NOT NULL,
    active      BOOLEAN  NOT NULL,
    owners      INTEGER  NOT NULL,
    definition  TEXT     NOT NULL,
    created_on  BIGINT   NOT NULL,
    created_by  BIGINT   NOT NULL,
    updated_on  BIGINT   NOT NULL,
    updated_by  BIGINT   NOT NULL,
    PRIMARY KEY (org_id, id),
    CONSTRAINT badge_metas_name UNIQUE (org_id, name),
    CHECK (starts_on < expires_on)
);

CREATE TABLE badge_claims (
    org_id       BIGINT   NOT NULL,
    badge_id     BYTEA    NOT NULL,
    owner_type   SMALLINT NOT NULL,
    reference_id TEXT     NOT NULL COLLATE "C",
    position     INTEGER  NOT NULL,
    active       BOOLEAN  NOT NULL,
    PRIMARY KEY (org_id, badge_id, owner_type, reference_id),
    FOREIGN KEY (org_id, badge_id) REFERENCES badge_metas (org_id, id)
);

-- Append-only but for `revoked_on`: a customer's enrolments of a badge are numbered from 1,
-- and the primary key is what makes two attempts at the next number exclude each other. No
-- foreign key and no second index: each would cost every row.
CREATE TABLE enrolments (
    org_id      BIGINT  NOT NULL,
    customer_id BIGINT  NOT NULL,
    event_on    BIGINT  NOT NULL,
    expires_on  BIGINT  NOT NULL,
    recorded_on BIGINT  NOT NULL,
    revoked_on  BIGINT,
    ordinal     INTEGER NOT NULL,
    badge_id    BYTEA   NOT NULL,
    id          BYTEA   NOT NULL,
    PRIMARY KEY (org_id, customer_id, badge_id, ordinal),
    CHECK (event_on < expires_on)
);

-- `answer` is compact; its first byte tells its form.
CREATE TABLE request_ledger (
    org_id      BIGINT   NOT NULL,
    operation   SMALLINT NOT NULL,
    request_id  TEXT     NOT NULL COLLATE "C",
    badge_id    BYTEA    NOT NULL,
    recorded_on BIGINT   NOT NULL,
    recorded_by BIGINT   NOT NULL,
    answer      BYTEA    NOT NULL,
    PRIMARY KEY (org_id, operation, request_id)
);

-- Holds its answer, or names the row of the request ledger that has it.
CREATE TABLE idempotency (
    client_number BIGINT NOT NULL,
    key           TEXT   NOT NULL COLLATE "C",
    fingerprint   BYTEA  NOT NULL CHECK (length(fingerprint) = 32),
    used_on       BIGINT NOT NULL,
    expires_on    BIGINT NOT NULL,
    warnings      TEXT   NOT NULL,
    answer        BYTEA,
    org_id        BIGINT,
    operation     SMALLINT,
    request_id    TEXT COLLATE "C",
    PRIMARY KEY (client_number, key),
    CHECK ((answer IS NULL) <> (request_id IS NULL))
);

CREATE INDEX idempotency_expires_on ON idempotency (expires_on);

-- Rows to be added up: one for each transaction and badge, so that enrolments of one badge do not
-- wait for each other; folded into one now and then.
CREATE TABLE badge_counts (
    org_id   BIGINT NOT NULL,
    badge_id BYTEA  NOT NULL,
    seq      BIGINT GENERATED ALWAYS AS IDENTITY,
    issued   BIGINT NOT NULL,
    earned   BIGINT NOT NULL,
    PRIMARY KEY (org_id, badge_id, seq)
);
