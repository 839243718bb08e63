-- Loses all operators and their sessions. Their numbers stay taken; who they were nobody can tell then.
DROP TABLE operator_sessions;

DROP TABLE operators;
