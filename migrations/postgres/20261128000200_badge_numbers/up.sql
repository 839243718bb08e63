-- Numbers the badges of each org, 1, 2, 3 …, in the order of their creation.
--
-- On a full table: writes each badge once more and builds the index of their numbers, less than a
-- second for ten thousand badges, which takes `badge_metas` for itself until the end. Tables that
-- grow with customers are not touched. Servers of an earlier version give no numbers: stop them all
-- first, as for the new keys.

SET LOCAL lock_timeout = '5s';

-- The number that the badge of an org that was created last has got. Whoever creates one takes the
-- next from here, in the transaction that creates the badge.
CREATE TABLE badge_numbers (
    org_id BIGINT PRIMARY KEY,
    last   BIGINT NOT NULL CHECK (last > 0)
);

ALTER TABLE badge_metas ADD COLUMN numeric_id BIGINT;

UPDATE badge_metas b SET numeric_id = numbered.number
FROM (
    SELECT org_id, id, row_number() OVER (PARTITION BY org_id ORDER BY created_on, id) AS number
    FROM badge_metas
) numbered
WHERE b.org_id = numbered.org_id AND b.id = numbered.id;

INSERT INTO badge_numbers (org_id, last)
SELECT org_id, count(*) FROM badge_metas GROUP BY org_id;

ALTER TABLE badge_metas
    ALTER COLUMN numeric_id SET NOT NULL,
    ADD UNIQUE (org_id, numeric_id);
