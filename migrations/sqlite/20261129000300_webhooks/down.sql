-- Loses all webhooks with their secrets, how far they have read, and what they were sent.
DROP TABLE webhook_attempts;
DROP TABLE webhook_retries;
DROP TABLE webhooks;
