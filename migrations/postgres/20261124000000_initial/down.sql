-- Drops every table with all that is in it, at once whatever their size.

DROP TABLE badge_counts;
DROP TABLE idempotency;
DROP TABLE refusals;
DROP TABLE rolling_counts;
DROP TABLE window_counts;
DROP TABLE badge_earns;
DROP TABLE earned_badges;
DROP TABLE enrolments;
DROP TABLE request_ledger;
DROP TABLE customer_identifiers;
DROP TABLE custom_fields;
DROP TABLE badge_groups;
DROP TABLE badge_claims;
DROP TABLE badge_metas;
DROP TABLE api_clients;
DROP TABLE orgs;
