-- Loses who was merged into whom: merged numbers are as good as new, and what they had stays their
-- successors'.
DROP TABLE forgotten_counts;
DROP TABLE merged_customers;
