-- Loses nothing: whoever forgets a customer takes longer.

DROP INDEX idempotency_answers;
