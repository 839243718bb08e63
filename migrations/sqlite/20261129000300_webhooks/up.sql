-- Creates empty tables, so it takes no time whatever the others hold.
--
-- Webhooks, how far each has read the feed, what is to be sent apart from that, and what was sent.
-- A server of a release without these tables does not touch them.

-- `sealed` has the secrets and the values of headers, encrypted where the servers have a key.
-- All of the feed up to `cursor` is done with, but for the rows of webhook_retries; `last_attempt`
-- is the number of the newest row of webhook_attempts.
CREATE TABLE webhooks (
    org_id          INTEGER NOT NULL,
    id              BLOB    NOT NULL CHECK (length(id) = 12),
    version         INTEGER NOT NULL,
    state           INTEGER NOT NULL,
    disabled_reason INTEGER,
    settings        TEXT    NOT NULL,
    sealed          BLOB    NOT NULL,
    cursor          INTEGER NOT NULL,
    last_attempt    INTEGER NOT NULL,
    failing_since   INTEGER,
    hold_until      INTEGER,
    created_on      INTEGER NOT NULL,
    created_by      INTEGER NOT NULL,
    updated_on      INTEGER NOT NULL,
    updated_by      INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;

-- Only what failed, waits behind what failed, was given up, or is to be sent again: not a row for
-- each event.
CREATE TABLE webhook_retries (
    org_id        INTEGER NOT NULL,
    webhook_id    BLOB    NOT NULL,
    position      INTEGER NOT NULL,
    partition_key TEXT,
    attempts      INTEGER NOT NULL,
    first_on      INTEGER,
    due_on        INTEGER,
    given_up      INTEGER NOT NULL,
    resent        INTEGER NOT NULL,
    PRIMARY KEY (org_id, webhook_id, position)
) STRICT, WITHOUT ROWID;

-- A row for each request that was sent, which may have had a hundred events. Rows of a webhook that
-- was deleted are swept later.
CREATE TABLE webhook_attempts (
    org_id       INTEGER NOT NULL,
    webhook_id   BLOB    NOT NULL,
    number       INTEGER NOT NULL,
    attempted_on INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    http_status  INTEGER,
    duration     INTEGER NOT NULL,
    error        TEXT,
    answer       BLOB,
    events       BLOB    NOT NULL,
    PRIMARY KEY (org_id, webhook_id, number)
) STRICT, WITHOUT ROWID;
