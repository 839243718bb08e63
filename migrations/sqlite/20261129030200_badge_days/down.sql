-- Loses how many enrolments and earned badges there were on which day.
DROP TABLE badge_days;
