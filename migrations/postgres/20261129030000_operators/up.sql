-- Creates empty tables, so it takes no time whatever the others hold. A server of the last release does
-- not know them, and signs nobody in.

-- Who works in the console. The number is that of an actor of kind 2. `login` is in one case, so that
-- it is unique whatever the case. `roles` is a sum of powers of two; `password` a salt of 32 bytes and
-- the hash with it.
CREATE TABLE operators (
    number            BIGINT   PRIMARY KEY REFERENCES actors (number),
    org_id            BIGINT   NOT NULL REFERENCES orgs (id),
    login             TEXT     NOT NULL UNIQUE CHECK (login <> ''),
    name              TEXT     NOT NULL,
    roles             SMALLINT NOT NULL,
    password          BYTEA    NOT NULL CHECK (octet_length(password) = 64),
    created_on        BIGINT   NOT NULL,
    disabled_on       BIGINT,
    last_signed_in_on BIGINT
);

-- What a browser that signed in has: of its token the SHA-256. It ends at `expires_on`, which is moved
-- on while it is used, but never beyond `ends_on`.
CREATE TABLE operator_sessions (
    token      BYTEA  PRIMARY KEY CHECK (octet_length(token) = 32),
    org_id     BIGINT NOT NULL REFERENCES orgs (id),
    operator   BIGINT NOT NULL REFERENCES operators (number),
    began_on   BIGINT NOT NULL,
    expires_on BIGINT NOT NULL,
    ends_on    BIGINT NOT NULL CHECK (expires_on <= ends_on)
);

CREATE INDEX operator_sessions_operator ON operator_sessions (operator);

CREATE INDEX operator_sessions_expires_on ON operator_sessions (expires_on);
