-- Numbers API clients and operators from one sequence, and puts the org into every key.
--
-- On a full table: each statement takes its table for itself until the end. `request_ledger` and
-- `idempotency` get the index of their new key, about a second for a million rows, and while it is
-- built nothing is recorded; of `idempotency` each row that has no org is written once more.
-- Servers of an earlier version do not know the new keys: stop them all first.

-- Whoever changes something: `kind` is 1 for an API client, 2 for an operator. 0 is the system, and
-- is nobody here. An operator without an org works for every org.
CREATE TABLE actors (
    number BIGINT   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id BIGINT   REFERENCES orgs (id),
    kind   SMALLINT NOT NULL CHECK (kind IN (1, 2)),
    CHECK (kind = 2 OR org_id IS NOT NULL)
);

INSERT INTO actors (number, org_id, kind) OVERRIDING SYSTEM VALUE
SELECT number, org_id, 1 FROM api_clients;

-- The next number is greater than any that the sequence of the clients has given.
SELECT setval(
    pg_get_serial_sequence('actors', 'number'),
    nextval(pg_get_serial_sequence('api_clients', 'number')),
    false
);

ALTER TABLE api_clients
    ALTER COLUMN number DROP IDENTITY,
    ADD FOREIGN KEY (number) REFERENCES actors (number);

-- `number` names the request in the rows that it recorded, all of which are of the same org.
ALTER TABLE request_ledger
    DROP CONSTRAINT request_ledger_pkey,
    ADD PRIMARY KEY (org_id, number);

UPDATE idempotency i SET org_id = c.org_id
FROM api_clients c
WHERE c.number = i.client_number AND i.org_id IS NULL;

ALTER TABLE idempotency RENAME COLUMN client_number TO actor;

ALTER TABLE idempotency
    ALTER COLUMN org_id SET NOT NULL,
    DROP CONSTRAINT idempotency_pkey,
    ADD PRIMARY KEY (org_id, actor, key);

DROP INDEX idempotency_expires_on;

CREATE INDEX idempotency_expires_on ON idempotency (org_id, expires_on);
