//! Why there is no connection, in words of our own: those of the libraries repeat what the URL says,
//! which host, which user, and at times a password.

/// What the libraries say, and what it means to whoever has to mend it. The first that is there holds.
const REASONS: &[(&str, &str)] = &[
    (
        "password authentication failed",
        "the user or the password is wrong",
    ),
    ("no password supplied", "the user needs a password"),
    (
        "no pg_hba.conf entry",
        "the server does not let this user in from here: see its pg_hba.conf",
    ),
    (
        "authentication failed",
        "the server does not believe that this is the user",
    ),
    (
        "permission denied for database",
        "the user may not use the database",
    ),
    ("is not permitted to log in", "the user may not log in"),
    (
        "too many",
        "the server has no free connection: see its max_connections",
    ),
    (
        "connection slots are reserved",
        "the server has no free connection: see its max_connections",
    ),
    (
        "the database system is",
        "the server is starting, stopping or recovering",
    ),
    ("could not translate host name", "nobody knows the host"),
    ("Connection refused", "nobody listens there"),
    ("No such file or directory", "nobody listens there"),
    ("timeout expired", "nobody answers in time"),
    ("Connection timed out", "nobody answers in time"),
    ("No route to host", "no way leads there"),
    ("Network is unreachable", "no way leads there"),
    (
        "server does not support SSL",
        "the server has no TLS, and sslmode asks for it",
    ),
    (
        "certificate",
        "the TLS certificates do not fit: see sslmode and sslrootcert",
    ),
    ("SSL error", "the two sides do not agree on TLS"),
    (
        "session is not read-write",
        "no server of those named can be written",
    ),
    (
        "session is read-only",
        "no server of those named can be written",
    ),
    (
        "server closed the connection",
        "the server closed the connection",
    ),
    ("role \"", "there is no such user"),
    ("database \"", "there is no such database"),
    ("unable to open database file", "the file cannot be opened"),
    (
        "file is not a database",
        "the file is no database of SQLite",
    ),
    (
        "database is locked",
        "another program keeps the file to itself",
    ),
    ("database or disk is full", "the disk is full"),
    ("disk I/O error", "the disk fails"),
    ("readonly", "it may not be written"),
];

/// What `said`, of a library that could not connect, means.
pub(crate) fn reason(said: &str) -> &'static str {
    let known = REASONS.iter().find(|(part, _)| said.contains(part));
    match known {
        Some((_, reason)) => reason,
        None if said == TIMED_OUT => "none became free in time",
        None => "the server does not let it in: `psql` with the same URL says why",
    }
}

/// What the pool says if nothing went wrong but that all connections are busy.
const TIMED_OUT: &str = "timed out waiting for connection";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_repeats_nothing_that_the_url_said() {
        for (said, reason_) in [
            (
                "connection to server at \"canary\" (10.0.0.1), port 5432 failed: Connection \
                 refused\n\tIs the server running on that host and accepting TCP/IP connections?",
                "nobody listens there",
            ),
            (
                "connection to server at \"h\" (10.0.0.1), port 5432 failed: FATAL:  password \
                 authentication failed for user \"canary\"",
                "the user or the password is wrong",
            ),
            (
                "FATAL:  database \"canary\" does not exist",
                "there is no such database",
            ),
            (
                "invalid percent-encoded token: \"100%canary\"",
                "the server does not let it in: `psql` with the same URL says why",
            ),
            (
                "timed out waiting for connection",
                "none became free in time",
            ),
        ] {
            assert_eq!(reason(said), reason_, "{said}");
        }
    }
}
