-- Finds the idempotency keys that hold an answer themselves, among the many that name a request of the
-- ledger: whoever forgets a customer looks at all of these answers, while nobody of the org records
-- anything.
--
-- On a full table: reads it once, some seconds for ten million keys, and nothing that has a key is
-- recorded meanwhile. Servers of the last release go on with it.

SET LOCAL lock_timeout = '5s';

CREATE INDEX IF NOT EXISTS idempotency_answers ON idempotency (org_id, actor, key)
    WHERE answer IS NOT NULL;
