-- Creates empty tables, and adds a column that is null to a table of few rows: immediate.
--
-- Rules for approval, and the commands that wait by them. A server of the last release does not touch
-- them: it holds nothing, so stop the old servers before an org sets its first rule.

-- The login of whoever owns a client, in one case; null: nobody does.
ALTER TABLE api_clients ADD COLUMN owner TEXT;

-- `version` is raised whenever the rules are replaced. An org that never had any has no row.
CREATE TABLE approval_rules (
    org_id       INTEGER NOT NULL PRIMARY KEY,
    version      INTEGER NOT NULL,
    rules        TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- `command` is null once it was about customers who were forgotten; it may have secrets, and is stored as
-- those of webhooks are. `foreseen` is what it would have done when it was made.
CREATE TABLE changes (
    org_id       INTEGER NOT NULL,
    id           BLOB    NOT NULL CHECK (length(id) = 16),
    version      INTEGER NOT NULL,
    operation    INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    maker        INTEGER NOT NULL,
    maker_groups INTEGER NOT NULL,
    created_on   INTEGER NOT NULL,
    expires_on   INTEGER NOT NULL,
    ended_on     INTEGER,
    approvals    INTEGER NOT NULL,
    votes        TEXT    NOT NULL,
    command      BLOB,
    basis        TEXT    NOT NULL,
    foreseen     BLOB,
    result       BLOB,
    PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;

-- The newest first; and those that wait, of all orgs, by when they are over.
CREATE INDEX changes_by_time ON changes (org_id, created_on, id);
CREATE INDEX changes_waiting ON changes (expires_on) WHERE state = 1;

-- What no other change may be about while one waits: free again when that is over.
CREATE TABLE change_subjects (
    org_id       INTEGER NOT NULL,
    subject      TEXT    NOT NULL,
    change_id    BLOB    NOT NULL,
    expires_on   INTEGER NOT NULL,
    PRIMARY KEY (org_id, subject)
) STRICT, WITHOUT ROWID;
