-- Finds the idempotency keys that hold an answer themselves, among the many that name a request of the
-- ledger: whoever forgets a customer looks at all of these answers, while nobody records anything.
--
-- On a full table: reads it once, some seconds for ten million keys.

CREATE INDEX idempotency_answers ON idempotency (org_id, actor, key) WHERE answer IS NOT NULL;
