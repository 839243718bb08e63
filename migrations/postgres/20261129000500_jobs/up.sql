-- Creates empty tables, so it takes no time whatever the others hold.
--
-- Jobs: files of rows, and how far each was carried out. A server of a release without these tables
-- does not touch them: it carries out no jobs, and others do not wait for it.

-- `secret` is what the ids of a job's requests are made with. What is behind `part` and `part_offset`
-- of the file, `done_bytes` from its beginning, is the chunk that comes next; `plan` is what was found
-- out about it.
CREATE TABLE jobs (
    org_id       BIGINT   NOT NULL,
    id           TEXT     NOT NULL CHECK (id <> ''),
    secret       BYTEA    NOT NULL CHECK (octet_length(secret) = 16),
    version      BIGINT   NOT NULL,
    operation    SMALLINT NOT NULL,
    settings     TEXT     NOT NULL,
    state        SMALLINT NOT NULL,
    created_on   BIGINT   NOT NULL,
    created_by   BIGINT   NOT NULL,
    started_on   BIGINT,
    finished_on  BIGINT,
    total        BIGINT,
    succeeded    BIGINT   NOT NULL,
    refused      BIGINT   NOT NULL,
    invalid      BIGINT   NOT NULL,
    failure      TEXT,
    chunk_rows   INTEGER  NOT NULL,
    bytes        BIGINT   NOT NULL,
    chunk        BIGINT   NOT NULL,
    part         INTEGER  NOT NULL,
    part_offset  INTEGER  NOT NULL,
    reading      TEXT     NOT NULL,
    done_bytes   BIGINT   NOT NULL,
    advanced_on  BIGINT,
    plan         BYTEA,
    PRIMARY KEY (org_id, id)
);

-- Those that a worker has something to do for, of all orgs: looked for again and again.
CREATE INDEX jobs_runnable ON jobs (org_id, created_on) WHERE state IN (2, 3, 4);

-- The file, compressed. `digest` and `bytes` are those of what was sent.
CREATE TABLE job_parts (
    org_id  BIGINT  NOT NULL,
    job_id  TEXT    NOT NULL,
    number  INTEGER NOT NULL,
    digest  BYTEA   NOT NULL CHECK (octet_length(digest) = 32),
    bytes   INTEGER NOT NULL,
    data    BYTEA   NOT NULL,
    PRIMARY KEY (org_id, job_id, number)
);

-- What became of the rows of a chunk, compressed.
CREATE TABLE job_chunks (
    org_id   BIGINT NOT NULL,
    job_id   TEXT   NOT NULL,
    number   BIGINT NOT NULL,
    outcomes BYTEA  NOT NULL,
    PRIMARY KEY (org_id, job_id, number)
);

-- What a dry run remembers of the rows that it has tried, until it has ended.
CREATE TABLE job_trials (
    org_id BIGINT NOT NULL,
    job_id TEXT   NOT NULL,
    key    TEXT   NOT NULL,
    value  TEXT   NOT NULL,
    PRIMARY KEY (org_id, job_id, key)
);

-- There is nothing in it that could be compressed again.
ALTER TABLE job_parts ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE job_chunks ALTER COLUMN outcomes SET STORAGE EXTERNAL;
