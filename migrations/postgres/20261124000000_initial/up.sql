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
    rank        INTEGER,
    group_id    BYTEA,
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

-- `value` is JSON in the form of the program's own type; the columns beside it repeat what is
-- looked up. The same with custom fields.
CREATE TABLE badge_groups (
    org_id BIGINT  NOT NULL,
    id     BYTEA   NOT NULL CHECK (length(id) = 12),
    name   TEXT    NOT NULL COLLATE "C",
    rank   INTEGER NOT NULL,
    active BOOLEAN NOT NULL,
    value  TEXT    NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE UNIQUE INDEX badge_groups_name ON badge_groups (org_id, name) WHERE active;

CREATE TABLE custom_fields (
    org_id     BIGINT  NOT NULL,
    id         BYTEA   NOT NULL CHECK (length(id) = 12),
    name       TEXT    NOT NULL COLLATE "C",
    active     BOOLEAN NOT NULL,
    updated_on BIGINT  NOT NULL,
    value      TEXT    NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE UNIQUE INDEX custom_fields_name ON custom_fields (org_id, name) WHERE active;

-- `comparable` is the form in which identifiers are compared.
CREATE TABLE customer_identifiers (
    org_id      BIGINT   NOT NULL,
    kind        SMALLINT NOT NULL,
    comparable  TEXT     NOT NULL COLLATE "C",
    customer_id BIGINT   NOT NULL,
    PRIMARY KEY (org_id, kind, comparable),
    CONSTRAINT customer_identifiers_customer UNIQUE (org_id, customer_id, kind)
);

-- `number` names the request in the rows that it recorded. `answer` is compact; its first
-- byte tells its form.
CREATE TABLE request_ledger (
    number       BIGINT   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id       BIGINT   NOT NULL,
    recorded_on  BIGINT   NOT NULL,
    recorded_by  BIGINT   NOT NULL,
    operation    SMALLINT NOT NULL,
    owner_type   SMALLINT,
    request_id   TEXT     NOT NULL COLLATE "C",
    reference_id TEXT,
    answer       BYTEA    NOT NULL,
    CONSTRAINT request_ledger_id UNIQUE (org_id, operation, request_id),
    CHECK ((owner_type IS NULL) = (reference_id IS NULL))
);

-- Append-only but for `revoked_on`: a customer's enrolments of a badge are numbered from 1,
-- and the primary key is what makes two attempts at the next number exclude each other. No
-- foreign key and no second index: each would cost every row. When it was recorded, and who
-- triggered it, is in the request ledger.
CREATE TABLE enrolments (
    org_id      BIGINT  NOT NULL,
    customer_id BIGINT  NOT NULL,
    event_on    BIGINT  NOT NULL,
    expires_on  BIGINT  NOT NULL,
    request_no  BIGINT  NOT NULL,
    revoked_on  BIGINT,
    ordinal     INTEGER NOT NULL,
    badge_id    BYTEA   NOT NULL,
    id          BYTEA   NOT NULL,
    PRIMARY KEY (org_id, customer_id, badge_id, ordinal),
    CHECK (event_on < expires_on)
);

-- Numbered as enrolments are. `enrolment` is the ordinal of the one that it rests on.
-- `earned_on` may be later than what the ledger says: it never runs backwards where
-- rolling windows count it.
CREATE TABLE earned_badges (
    org_id      BIGINT  NOT NULL,
    customer_id BIGINT  NOT NULL,
    event_on    BIGINT  NOT NULL,
    earned_on   BIGINT  NOT NULL,
    expires_on  BIGINT  NOT NULL,
    request_no  BIGINT  NOT NULL,
    revoked_on  BIGINT,
    ordinal     INTEGER NOT NULL,
    enrolment   INTEGER,
    imported    BOOLEAN NOT NULL,
    badge_id    BYTEA   NOT NULL,
    id          BYTEA   NOT NULL,
    PRIMARY KEY (org_id, customer_id, badge_id, ordinal)
);

-- What each transaction did to the earns of a badge, to be added up: `earns` of one event date,
-- less than none if they were revoked. `rolls_on` is when they were recorded, for rolling windows,
-- which leave imports out. Earned badges need no index by badge because of this table.
CREATE TABLE badge_earns (
    org_id   BIGINT NOT NULL,
    badge_id BYTEA  NOT NULL,
    event_on BIGINT NOT NULL,
    rolls_on BIGINT,
    earns    BIGINT NOT NULL,
    seq      BIGINT GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (org_id, badge_id, event_on, seq) INCLUDE (earns)
);

CREATE INDEX badge_earns_rolls_on ON badge_earns (org_id, badge_id, rolls_on) INCLUDE (earns)
    WHERE rolls_on IS NOT NULL;

-- How many earns of a badge have an event date from `starts_on` to before `ends_on`: a sum
-- over badge_earns that is kept, once a limit has asked for it. All time is from the least to
-- the greatest number. The end comes first in the key: windows that end before an event
-- are passed over.
CREATE TABLE window_counts (
    org_id    BIGINT NOT NULL,
    badge_id  BYTEA  NOT NULL,
    ends_on   BIGINT NOT NULL,
    starts_on BIGINT NOT NULL,
    earns     BIGINT NOT NULL CHECK (earns >= 0),
    PRIMARY KEY (org_id, badge_id, ends_on, starts_on)
) WITH (fillfactor = 50);

-- The same for rolling windows: those recorded after `since`, which only moves forward.
CREATE TABLE rolling_counts (
    org_id   BIGINT   NOT NULL,
    badge_id BYTEA    NOT NULL,
    unit     SMALLINT NOT NULL,
    length   BIGINT   NOT NULL,
    since    BIGINT   NOT NULL,
    earns    BIGINT   NOT NULL CHECK (earns >= 0),
    PRIMARY KEY (org_id, badge_id, unit, length)
) WITH (fillfactor = 50);

-- The ten refused last of a customer and badge.
CREATE TABLE refusals (
    org_id      BIGINT  NOT NULL,
    customer_id BIGINT  NOT NULL,
    badge_id    BYTEA   NOT NULL,
    seq         BIGINT  GENERATED ALWAYS AS IDENTITY,
    refused_on  BIGINT  NOT NULL,
    event_on    BIGINT  NOT NULL,
    code        INTEGER NOT NULL,
    message     TEXT    NOT NULL,
    field       TEXT,
    PRIMARY KEY (org_id, customer_id, badge_id, seq)
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
