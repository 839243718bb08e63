-- Creates empty tables, so it takes no time whatever the others hold.
--
-- Jobs: files of rows, and how far each was carried out. A server of a release without these tables
-- does not touch them: it carries out no jobs.

-- `secret` is what the ids of a job's requests are made with. What is behind `part` and `part_offset`
-- of the file, `done_bytes` from its beginning, is the chunk that comes next; `plan` is what was found
-- out about it.
CREATE TABLE jobs (
    org_id       INTEGER NOT NULL,
    id           TEXT    NOT NULL CHECK (id <> ''),
    secret       BLOB    NOT NULL CHECK (length(secret) = 16),
    version      INTEGER NOT NULL,
    operation    INTEGER NOT NULL,
    settings     TEXT    NOT NULL,
    state        INTEGER NOT NULL,
    created_on   INTEGER NOT NULL,
    created_by   INTEGER NOT NULL,
    started_on   INTEGER,
    finished_on  INTEGER,
    total        INTEGER,
    succeeded    INTEGER NOT NULL,
    refused      INTEGER NOT NULL,
    invalid      INTEGER NOT NULL,
    failure      TEXT,
    chunk_rows   INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,
    chunk        INTEGER NOT NULL,
    part         INTEGER NOT NULL,
    part_offset  INTEGER NOT NULL,
    reading      TEXT    NOT NULL,
    done_bytes   INTEGER NOT NULL,
    advanced_on  INTEGER,
    plan         BLOB,
    PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;

-- Those that a worker has something to do for, of all orgs: looked for again and again.
CREATE INDEX jobs_runnable ON jobs (org_id, created_on) WHERE state IN (2, 3, 4);

-- The file, compressed. `digest` and `bytes` are those of what was sent. Rows are large, so they have
-- numbers: without, looking for one would read the others.
CREATE TABLE job_parts (
    org_id  INTEGER NOT NULL,
    job_id  TEXT    NOT NULL,
    number  INTEGER NOT NULL,
    digest  BLOB    NOT NULL CHECK (length(digest) = 32),
    bytes   INTEGER NOT NULL,
    data    BLOB    NOT NULL,
    PRIMARY KEY (org_id, job_id, number)
) STRICT;

-- What became of the rows of a chunk, compressed.
CREATE TABLE job_chunks (
    org_id   INTEGER NOT NULL,
    job_id   TEXT    NOT NULL,
    number   INTEGER NOT NULL,
    outcomes BLOB    NOT NULL,
    PRIMARY KEY (org_id, job_id, number)
) STRICT;

-- What a dry run remembers of the rows that it has tried, until it has ended.
CREATE TABLE job_trials (
    org_id INTEGER NOT NULL,
    job_id TEXT    NOT NULL,
    key    TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    PRIMARY KEY (org_id, job_id, key)
) STRICT, WITHOUT ROWID;
