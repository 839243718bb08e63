-- Numbers the badges of each org, 1, 2, 3 …, in the order of their creation.
--
-- On a full table: writes each badge once more and builds the index of their numbers, less than a
-- second for ten thousand badges. Tables that grow with customers are not touched. Servers of an
-- earlier version give no numbers: stop them all first, as for the new keys.

-- The number that the badge of an org that was created last has got. Whoever creates one takes the
-- next from here, in the transaction that creates the badge.
CREATE TABLE badge_numbers (
    org_id INTEGER PRIMARY KEY,
    last   INTEGER NOT NULL CHECK (last > 0)
) STRICT;

-- SQLite adds a column that is not null only with a default; nobody has the number 0.
ALTER TABLE badge_metas ADD COLUMN numeric_id INTEGER NOT NULL DEFAULT 0;

UPDATE badge_metas SET numeric_id = numbered.number
FROM (
    SELECT org_id, id, row_number() OVER (PARTITION BY org_id ORDER BY created_on, id) AS number
    FROM badge_metas
) numbered
WHERE badge_metas.org_id = numbered.org_id AND badge_metas.id = numbered.id;

INSERT INTO badge_numbers (org_id, last)
SELECT org_id, count(*) FROM badge_metas GROUP BY org_id;

CREATE UNIQUE INDEX badge_metas_numeric_id ON badge_metas (org_id, numeric_id);
