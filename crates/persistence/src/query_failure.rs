//! What a failed statement means: try again, the database is away, or a bug.

use accolade_application::ports::StoreError;
use diesel::result::{DatabaseErrorKind, Error};

/// What a failure means, whichever database it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueryFailure {
    /// Others stood in the way; the transaction was undone and may succeed when repeated.
    Conflict,
    /// The connection is gone; another may be good.
    Broken,
    /// The connection cannot do what another may, which is opened now: it was opened while the
    /// database was read-only, its session has lost what it had, or its file has a fault.
    Unfit,
    /// It took too long, or the database can not work at the moment.
    Unavailable,
    /// Something that should not happen.
    Unexpected,
}

/// What PostgreSQL and SQLite say when others stood in the way. Diesel does not pass their
/// codes on, so sessions are set to English where that is permitted.
const CONFLICTS: &[&str] = &[
    "deadlock detected",
    "could not serialize access",
    "database is locked",
    "database table is locked",
    "database schema has changed",
];

/// What they say when the connection is the trouble, not the statement: each of PostgreSQL's that
/// has no kind of its own in Diesel, and SQLite's READONLY, IOERR, FULL, CORRUPT, NOTADB and CANTOPEN.
const UNFIT: &[&str] = &[
    "cached plan must not change result type",
    "attempt to write a readonly database",
    "disk I/O error",
    "database or disk is full",
    "database disk image is malformed",
    "file is not a database",
    "unable to open database file",
];

/// What they say when they took too long or can not work.
const UNAVAILABLE: &[&str] = &[
    "canceling statement due to lock timeout",
    "canceling statement due to statement timeout",
    "canceling statement due to user request",
    "the database system is",
    "sorry, too many clients already",
    "remaining connection slots are reserved",
    "No space left on device",
    "could not extend file",
    "out of shared memory",
];

/// Whether PostgreSQL says that a prepared statement is not there, or is there already: somebody
/// else has had the session, or something between has replaced it.
pub(crate) fn is_lost_statement(error: &Error) -> bool {
    let Error::DatabaseError(_, information) = error else {
        return false;
    };
    let said = information.message();
    said.contains("prepared statement")
        && (said.contains("does not exist") || said.contains("already exists"))
}

impl QueryFailure {
    /// What `error` means, on a connection that is `broken` or not.
    pub(crate) fn from_error(error: &Error, broken: bool) -> Self {
        if broken {
            return Self::Broken;
        }
        let Error::DatabaseError(kind, information) = error else {
            return match error {
                Error::BrokenTransactionManager => Self::Broken,
                _ => Self::Unexpected,
            };
        };
        let says = |texts: &[&str]| texts.iter().any(|it| information.message().contains(it));
        match kind {
            // Nothing can be sent on a connection that somebody else found dead and gave back.
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                Self::Broken
            }
            DatabaseErrorKind::SerializationFailure => Self::Conflict,
            // A standby, as during a failover, or a phase in which nothing may be written.
            DatabaseErrorKind::ReadOnlyTransaction => Self::Unfit,
            _ if says(UNFIT) || is_lost_statement(error) => Self::Unfit,
            _ if says(CONFLICTS) => Self::Conflict,
            _ if says(UNAVAILABLE) => Self::Unavailable,
            _ => Self::Unexpected,
        }
    }

    /// What is said of it when nothing more is tried; nothing was written.
    pub(crate) fn into_store_error(self, cause: anyhow::Error) -> StoreError {
        match self {
            Self::Conflict | Self::Broken | Self::Unfit | Self::Unavailable => {
                StoreError::Unavailable(cause)
            }
            Self::Unexpected => StoreError::Unexpected(cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(text.to_owned()))
    }

    #[test]
    fn deadlocks_and_a_busy_sqlite_are_conflicts() {
        for text in ["deadlock detected", "database is locked"] {
            assert_eq!(
                QueryFailure::from_error(&said(text), false),
                QueryFailure::Conflict,
                "{text}"
            );
        }
    }

    #[test]
    fn a_timeout_is_unavailable_and_not_tried_again() {
        let text = "canceling statement due to lock timeout";
        assert_eq!(
            QueryFailure::from_error(&said(text), false),
            QueryFailure::Unavailable
        );
    }

    #[test]
    fn what_only_another_connection_may_do_is_not_the_statements_fault() {
        let read_only = "cannot execute INSERT in a read-only transaction".to_owned();
        let kind = DatabaseErrorKind::ReadOnlyTransaction;
        let standby = Error::DatabaseError(kind, Box::new(read_only));
        let said = [
            "attempt to write a readonly database",
            "disk I/O error",
            "prepared statement \"__diesel_stmt_3\" does not exist",
        ]
        .map(said);
        for error in said.iter().chain([&standby]) {
            let failure = QueryFailure::from_error(error, false);
            assert_eq!(failure, QueryFailure::Unfit, "{error}");
        }
    }

    #[test]
    fn a_broken_connection_is_broken_whatever_was_said() {
        assert_eq!(
            QueryFailure::from_error(&said("anything"), true),
            QueryFailure::Broken
        );
    }

    #[test]
    fn a_connection_on_which_nothing_can_be_sent_is_broken() {
        let text = Box::new("no connection to the server".to_owned());
        let error = Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand, text);
        assert_eq!(
            QueryFailure::from_error(&error, false),
            QueryFailure::Broken
        );
    }

    #[test]
    fn a_constraint_that_nobody_expected_is_a_bug() {
        assert_eq!(
            QueryFailure::from_error(&said("anything"), false),
            QueryFailure::Unexpected
        );
    }
}
