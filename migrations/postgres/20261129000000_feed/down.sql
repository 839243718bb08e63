-- Loses all events. What they told of is still there. Drops two tables and a sequence, at once.

DROP TABLE feed;

DROP TABLE outbox;
