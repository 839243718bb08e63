-- The audit trail of each org: who changed what. And who revoked an enrolment or an earned badge,
-- and why.
--
-- On a full table: adding the columns, which may be empty, is immediate. Nothing is read or
-- rewritten. Servers of the last release go on: they write no entries, and revoke without saying by
-- whom.

ALTER TABLE enrolments ADD COLUMN revoked_by INTEGER;

ALTER TABLE enrolments ADD COLUMN revoke_reason TEXT;

ALTER TABLE earned_badges ADD COLUMN revoked_by INTEGER;

ALTER TABLE earned_badges ADD COLUMN revoke_reason TEXT;

-- Only ever added to. The key is the order in which the trail is read, the newest first, so that a
-- page and a time are ranges of it; `number` tells those of one moment apart. The kinds of things
-- and the actions have numbers of their own. `changes` is the JSON of what was and is, empty where the
-- entry itself says all; no secret and no identifier of a customer is in it.
--
-- Whoever lists by actor or action alone reads back through the trail until the page is full: these
-- are said of few entries among many seldom enough that an index for each is not worth what every
-- revocation would pay for it.
CREATE TABLE audit (
    org_id      INTEGER NOT NULL,
    recorded_on INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    actor       INTEGER NOT NULL,
    entity_type INTEGER NOT NULL,
    action      INTEGER NOT NULL,
    entity_id   TEXT    NOT NULL,
    request_tag TEXT,
    reason      TEXT,
    changes     TEXT,
    PRIMARY KEY (org_id, recorded_on, number)
) STRICT, WITHOUT ROWID;

-- The history of one thing: what an org's trail is asked for most, and of which there are few among
-- all. Every revocation pays for it; it costs nothing where customers are enrolled or earn.
CREATE INDEX audit_entity ON audit (org_id, entity_id, recorded_on, number);
