-- Loses the audit trail, and who revoked enrolments and earned badges, and why.

DROP TABLE audit;

ALTER TABLE earned_badges DROP COLUMN revoke_reason;

ALTER TABLE earned_badges DROP COLUMN revoked_by;

ALTER TABLE enrolments DROP COLUMN revoke_reason;

ALTER TABLE enrolments DROP COLUMN revoked_by;
