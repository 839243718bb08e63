-- Loses all jobs with their files and their results. What they have recorded stays.
DROP TABLE job_trials;
DROP TABLE job_chunks;
DROP TABLE job_parts;
DROP TABLE jobs;
