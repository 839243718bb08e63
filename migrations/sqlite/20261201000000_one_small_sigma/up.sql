-- Reads all badges and writes those whose name has the letter: a few thousand at most, in a moment. Nothing waits
-- for it but changes of these badges.
--
-- Of the two forms of the small Greek letter sigma, the one at the end of words was kept where a name ends in it,
-- so that a part of a name was not found in it. A name that the last release writes beside this one is found by
-- its end again once it is changed.
UPDATE badge_metas SET name_folded = replace(name_folded, 'ς', 'σ') WHERE name_folded LIKE '%ς%';
