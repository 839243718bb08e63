-- On a full table: reads all of `enrolments` and `earned_badges` once and writes each row of
-- `request_ledger` that recorded any of them once more; a minute or two for ten million rows.

-- Of the ids that a request has given, the first: the others follow it, one by one, and were given to
-- nobody else. So an entry a request finds every enrolment and every earned badge by its id.
ALTER TABLE request_ledger ADD COLUMN first_id BLOB CHECK (length(first_id) = 12);

CREATE TEMPORARY TABLE first_ids AS
SELECT org_id, request_no, min(id) AS id
FROM (
    SELECT org_id, request_no, id FROM enrolments
    UNION ALL
    SELECT org_id, request_no, id FROM earned_badges
)
GROUP BY org_id, request_no;

CREATE UNIQUE INDEX temp.first_ids_request ON first_ids (org_id, request_no);

UPDATE request_ledger SET first_id = (
    SELECT f.id FROM first_ids f
    WHERE f.org_id = request_ledger.org_id AND f.request_no = request_ledger.number
)
WHERE EXISTS (
    SELECT 1 FROM first_ids f
    WHERE f.org_id = request_ledger.org_id AND f.request_no = request_ledger.number
);

DROP TABLE temp.first_ids;

CREATE INDEX request_ledger_first_id ON request_ledger (org_id, first_id)
    WHERE first_id IS NOT NULL;
