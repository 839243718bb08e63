-- Creates empty tables, so it takes no time whatever the others hold.
--
-- Webhooks, how far each has read the feed, what is to be sent apart from that, and what was sent.
-- A server of a release without these tables does not touch them.

-- `sealed` has the secrets and the values of headers, encrypted where the servers have a key.
-- All of the feed up to `cursor` is done with, but for the rows of webhook_retries; `last_attempt`
-- is the number of the newest row of webhook_attempts.
CREATE TABLE webhooks (
    org_id          BIGINT   NOT NULL,
    id              BYTEA    NOT NULL CHECK (octet_length(id) = 12),
    version         BIGINT   NOT NULL,
    state           SMALLINT NOT NULL,
    disabled_reason SMALLINT,
    settings        TEXT     NOT NULL,
    sealed          BYTEA    NOT NULL,
    cursor          BIGINT   NOT NULL,
    last_attempt    BIGINT   NOT NULL,
    failing_since   BIGINT,
    hold_until      BIGINT,
    created_on      BIGINT   NOT NULL,
    created_by      BIGINT   NOT NULL,
    updated_on      BIGINT   NOT NULL,
    updated_by      BIGINT   NOT NULL,
    PRIMARY KEY (org_id, id)
);

-- Only what failed, waits behind what failed, was given up, or is to be sent again: not a row for
-- each event.
CREATE TABLE webhook_retries (
    org_id          BIGINT   NOT NULL,
    webhook_id      BYTEA    NOT NULL,
    position        BIGINT   NOT NULL,
    partition_key   TEXT,
    attempts        INTEGER  NOT NULL,
    first_on        BIGINT,
    due_on          BIGINT,
    given_up        BOOLEAN  NOT NULL,
    resent          BOOLEAN  NOT NULL,
    PRIMARY KEY (org_id, webhook_id, position)
);

-- A row for each request that was sent, which may have had a hundred events. Rows of a webhook that
-- was deleted are swept later.
CREATE TABLE webhook_attempts (
    org_id          BIGINT   NOT NULL,
    webhook_id      BYTEA    NOT NULL,
    number          BIGINT   NOT NULL,
    attempted_on    BIGINT   NOT NULL,
    status          SMALLINT NOT NULL,
    http_status     SMALLINT,
    duration        BIGINT   NOT NULL,
    error           TEXT,
    answer          BYTEA,
    events          BYTEA    NOT NULL,
    PRIMARY KEY (org_id, webhook_id, number)
);
