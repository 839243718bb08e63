-- Creates two empty tables, so it takes no time whatever the others hold.
--
-- Customers who were merged into others, and what still counts of customers who were forgotten. A
-- server of a release without these tables does not look who was merged, and cannot read an answer or
-- an event that a forgotten customer was taken out of: stop them all before somebody is merged or
-- erased.

-- A number that was merged into another has no row anywhere else. `into_id` is the one that it was
-- merged into, `successor_id` the one that it stands for now, which has no row here.
CREATE TABLE merged_customers (
    org_id       BIGINT NOT NULL,
    customer_id  BIGINT NOT NULL,
    into_id      BIGINT NOT NULL,
    successor_id BIGINT NOT NULL,
    PRIMARY KEY (org_id, customer_id),
    CHECK (customer_id <> successor_id)
);

-- Who else is meant by a number: asked where somebody is merged further or forgotten.
CREATE INDEX merged_customers_successor ON merged_customers (org_id, successor_id);

-- How many enrolments and earned badges that are not revoked went with customers who were forgotten:
-- the counts of a badge, less these, are those of its rows.
CREATE TABLE forgotten_counts (
    org_id   BIGINT NOT NULL,
    badge_id BYTEA  NOT NULL,
    issued   BIGINT NOT NULL,
    earned   BIGINT NOT NULL,
    PRIMARY KEY (org_id, badge_id)
);
