-- Creates an empty table, so it takes no time whatever the others hold. A server of the last release does
-- not write it.

-- How many enrolments and earned badges that are not revoked a badge had when a day of UTC, in days since
-- 1970, was over, or when it was looked at last. A day on which nothing changed has no row.
CREATE TABLE badge_days (
    org_id   BIGINT  NOT NULL,
    badge_id BYTEA   NOT NULL CHECK (octet_length(badge_id) = 12),
    day      INTEGER NOT NULL,
    issued   BIGINT  NOT NULL,
    earned   BIGINT  NOT NULL,
    PRIMARY KEY (org_id, badge_id, day)
);
