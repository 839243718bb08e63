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
    rank        INTEGER,
    group_id    BLOB,
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

-- `value` is JSON in the form of the program's own type; the columns beside it repeat what is
-- looked up. The same with custom fields.
CREATE TABLE badge_groups (
    org_id INTEGER NOT NULL,
    id     BLOB    NOT NULL CHECK (length(id) = 12),
    name   TEXT    NOT NULL,
    rank   INTEGER NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    value  TEXT    NOT NULL,
    PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX badge_groups_name ON badge_groups (org_id, name) WHERE active;

CREATE TABLE custom_fields (
    org_id     INTEGER NOT NULL,
    id         BLOB    NOT NULL CHECK (length(id) = 12),
    name       TEXT    NOT NULL,
    active     INTEGER NOT NULL CHECK (active IN (0, 1)),
    updated_on INTEGER NOT NULL,
    value      TEXT    NOT NULL,
    PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX custom_fields_name ON custom_fields (org_id, name) WHERE active;

-- `comparable` is the form in which identifiers are compared.
CREATE TABLE customer_identifiers (
    org_id      INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    comparable  TEXT    NOT NULL,
    customer_id INTEGER NOT NULL,
    PRIMARY KEY (org_id, kind, comparable)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX customer_identifiers_customer
    ON customer_identifiers (org_id, customer_id, kind);

-- `number` names the request in the rows that it recorded. `answer` is compact; its first
-- byte tells its form. It may be long, so the table has rowids: the index of the key stays
-- small.
CREATE TABLE request_ledger (
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

-- Append-only but for `revoked_on`: a customer's enrolments of a badge are numbered from 1.
-- No foreign key and no second index: each would cost every row. When it was recorded, and
-- who triggered it, is in the request ledger.
CREATE TABLE enrolments (
    org_id      INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    badge_id    BLOB    NOT NULL,
    ordinal     INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    event_on    INTEGER NOT NULL,
    expires_on  INTEGER NOT NULL,
    request_no  INTEGER NOT NULL,
    revoked_on  INTEGER,
    PRIMARY KEY (org_id, customer_id, badge_id, ordinal),
    CHECK (event_on < expires_on)
) STRICT, WITHOUT ROWID;

-- Numbered as enrolments are. `enrolment` is the ordinal of the one that it rests on.
-- `earned_on` may be later than what the ledger says: it never runs backwards where
-- rolling windows count it.
CREATE TABLE earned_badges (
    org_id      INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    badge_id    BLOB    NOT NULL,
    ordinal     INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    event_on    INTEGER NOT NULL,
    earned_on   INTEGER NOT NULL,
    expires_on  INTEGER NOT NULL,
    request_no  INTEGER NOT NULL,
    revoked_on  INTEGER,
    enrolment   INTEGER,
    imported    INTEGER NOT NULL CHECK (imported IN (0, 1)),
    PRIMARY KEY (org_id, customer_id, badge_id, ordinal)
) STRICT, WITHOUT ROWID;

-- What each transaction did to the earns of a badge, to be added up: `earns` of one event date,
-- less than none if they were revoked. `rolls_on` is when they were recorded, for rolling windows,
-- which leave imports out. Earned badges need no index by badge because of this table.
CREATE TABLE badge_earns (
    org_id   INTEGER NOT NULL,
    badge_id BLOB    NOT NULL,
    event_on INTEGER NOT NULL,
    rolls_on INTEGER,
    earns    INTEGER NOT NULL
) STRICT;

CREATE INDEX badge_earns_event_on ON badge_earns (org_id, badge_id, event_on, earns);

CREATE INDEX badge_earns_rolls_on ON badge_earns (org_id, badge_id, rolls_on, earns)
    WHERE rolls_on IS NOT NULL;

-- How many earns of a badge have an event date from `starts_on` to before `ends_on`: a sum
-- over badge_earns that is kept, once a limit has asked for it. All time is from the least to
-- the greatest number. The end comes first in the key: windows that end before an event
-- are passed over.
CREATE TABLE window_counts (
    org_id    INTEGER NOT NULL,
    badge_id  BLOB    NOT NULL,
    ends_on   INTEGER NOT NULL,
    starts_on INTEGER NOT NULL,
    earns     INTEGER NOT NULL CHECK (earns >= 0),
    PRIMARY KEY (org_id, badge_id, ends_on, starts_on)
) STRICT, WITHOUT ROWID;

-- The same for rolling windows: those recorded after `since`, which only moves forward.
CREATE TABLE rolling_counts (
    org_id   INTEGER NOT NULL,
    badge_id BLOB    NOT NULL,
    unit     INTEGER NOT NULL,
    length   INTEGER NOT NULL,
    since    INTEGER NOT NULL,
    earns    INTEGER NOT NULL CHECK (earns >= 0),
    PRIMARY KEY (org_id, badge_id, unit, length)
) STRICT, WITHOUT ROWID;

-- The ten refused last of a customer and badge.
CREATE TABLE refusals (
    org_id      INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    badge_id    BLOB    NOT NULL,
    seq         INTEGER NOT NULL,
    refused_on  INTEGER NOT NULL,
    event_on    INTEGER NOT NULL,
    code        INTEGER NOT NULL,
    message     TEXT    NOT NULL,
    field       TEXT,
    PRIMARY KEY (org_id, customer_id, badge_id, seq)
) STRICT, WITHOUT ROWID;

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
