-- Drops the table, at once. Loses who does which background task; servers that know the table take
-- them anew when it is there again.

DROP TABLE leases;
