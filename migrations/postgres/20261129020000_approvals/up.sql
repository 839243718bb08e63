-- Creates empty tables, and adds a column that is null to a table of few rows: immediate.
--
-- Rules for approval, and the commands that wait by them. A server of the last release does not touch
-- them: it holds nothing, so stop the old servers before an org sets its first rule.
SET LOCAL lock_timeout = '5s';

-- The login of whoever owns a client, in one case; null: nobody does.
ALTER TABLE api_clients ADD COLUMN owner TEXT;

-- `version` is raised whenever the rules are replaced. An org that never had any has no row.
CREATE TABLE approval_rules (
    org_id  BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    rules   TEXT   NOT NULL
);

-- `command` is null once it was about customers who were forgotten; it may have secrets, and is stored as
-- those of webhooks are. `foreseen` is what it would have done when it was made.
CREATE TABLE changes (
    org_id       BIGINT   NOT NULL,
    id           BYTEA    NOT NULL CHECK (octet_length(id) = 16),
    version      BIGINT   NOT NULL,
    operation    SMALLINT NOT NULL,
    state        SMALLINT NOT NULL,
    maker        BIGINT   NOT NULL,
    maker_groups SMALLINT NOT NULL,
    created_on   BIGINT   NOT NULL,
    expires_on   BIGINT   NOT NULL,
    ended_on     BIGINT,
    approvals    SMALLINT NOT NULL,
    votes        TEXT     NOT NULL,
    command      BYTEA,
    basis        TEXT     NOT NULL,
    foreseen     BYTEA,
    result       BYTEA,
    PRIMARY KEY (org_id, id)
);

-- The newest first; and those that wait, of all orgs, by when they are over.
CREATE INDEX changes_by_time ON changes (org_id, created_on, id);
CREATE INDEX changes_waiting ON changes (expires_on) WHERE state = 1;

-- What no other change may be about while one waits: free again when that is over.
CREATE TABLE change_subjects (
    org_id     BIGINT NOT NULL,
    subject    TEXT   NOT NULL,
    change_id  BYTEA  NOT NULL,
    expires_on BIGINT NOT NULL,
    PRIMARY KEY (org_id, subject)
);
