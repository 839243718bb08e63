-- Loses all events. What they told of is still there. Drops a table, at once.

DROP TABLE feed;
