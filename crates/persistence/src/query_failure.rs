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
    "database or disk is full",
    "disk I/O error",
    "unable to open database file",
];

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
            // A standby, as during a failover.
            DatabaseErrorKind::ReadOnlyTransaction => Self::Unavailable,
            _ if says(CONFLICTS) => Self::Conflict,
            _ if says(UNAVAILABLE) => Self::Unavailable,
            _ => Self::Unexpected,
        }
    }

    /// What is said of it when nothing more is tried; nothing was written.
    pub(crate) fn into_store_error(self, cause: anyhow::Error) -> StoreError {
        match self {
            Self::Conflict | Self::Broken | Self::Unavailable => StoreError::Unavailable(cause),
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
