-- On a full table: reads all of `enrolments` and `earned_badges` once and writes each row of
-- `request_ledger` that recorded any of them once more; some minutes for ten million rows, in which
-- nothing is recorded. A server of the last release runs beside it: what it records is not found by
-- its ids.
SET LOCAL lock_timeout = '5s';

-- Of the ids that a request has given, the first: the others follow it, one by one, and were given to
-- nobody else. So an entry a request finds every enrolment and every earned badge by its id.
ALTER TABLE request_ledger ADD COLUMN first_id BYTEA CHECK (octet_length(first_id) = 12);

UPDATE request_ledger l SET first_id = decode(m.id, 'hex')
FROM (
    SELECT r.org_id, r.request_no, min(encode(r.id, 'hex')) AS id
    FROM (
        SELECT org_id, request_no, id FROM enrolments
        UNION ALL
        SELECT org_id, request_no, id FROM earned_badges
    ) r
    GROUP BY r.org_id, r.request_no
) m
WHERE l.org_id = m.org_id AND l.number = m.request_no;

CREATE INDEX request_ledger_first_id ON request_ledger (org_id, first_id)
    WHERE first_id IS NOT NULL;
