-- Takes the org out of the keys again, and numbers API clients by themselves. Loses operators with
-- their keys; their numbers are not given again.
--
-- On a full table: as long as the way up.

DROP INDEX idempotency_expires_on;

DELETE FROM idempotency WHERE actor NOT IN (SELECT number FROM api_clients);

ALTER TABLE idempotency
    DROP CONSTRAINT idempotency_pkey,
    ALTER COLUMN org_id DROP NOT NULL;

ALTER TABLE idempotency RENAME COLUMN actor TO client_number;

ALTER TABLE idempotency ADD PRIMARY KEY (client_number, key);

-- A key that holds its answer names no org.
UPDATE idempotency SET org_id = NULL WHERE answer IS NOT NULL;

CREATE INDEX idempotency_expires_on ON idempotency (expires_on);

ALTER TABLE request_ledger
    DROP CONSTRAINT request_ledger_pkey,
    ADD PRIMARY KEY (number);

ALTER TABLE api_clients
    DROP CONSTRAINT api_clients_number_fkey,
    ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY;

SELECT setval(
    pg_get_serial_sequence('api_clients', 'number'),
    nextval(pg_get_serial_sequence('actors', 'number')),
    false
);

DROP TABLE actors;
