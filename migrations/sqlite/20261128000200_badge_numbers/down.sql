-- The badges lose their numbers: a later `up` numbers those that there are, so that it gives the same
-- numbers as long as no badge was deleted by hand. Writes each badge once more.

DROP INDEX badge_metas_numeric_id;

ALTER TABLE badge_metas DROP COLUMN numeric_id;

DROP TABLE badge_numbers;
