-- Loses nothing. The last release does not find such a name by its last letter until it is changed.
SELECT 1;
