-- Drops every table with all that is in it, at once whatever their size.

DROP TABLE badge_counts;
DROP TABLE idempotency;
DROP TABLE request_ledger;
DROP TABLE enrolments;
DROP TABLE badge_claims;
DROP TABLE badge_metas;
DROP TABLE api_clients;
DROP TABLE orgs;
