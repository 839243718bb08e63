//! What a store tidies up now and then.

use accolade_domain::instant::Instant;

use crate::ports::StoreError;

/// What was tidied up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Idempotency keys that had expired.
    pub idempotency_keys: u64,
    /// Rows of counts that were added up into others.
    pub count_rows: u64,
    /// Whether there is more to be tidied up.
    pub has_more: bool,
}

/// What a store tidies up now and then. Several servers may do it at once.
pub trait Housekeeping: Send + Sync {
    /// Forgets idempotency keys that have expired at `now` and keeps reading
    /// counts cheap. No answer of any other port that is asked at `now` or later
    /// changes by it. Forgets a bounded number: call it again until there is no more.
    ///
    /// # Errors
    /// The store failed.
    fn sweep(&self, now: Instant) -> Result<Swept, StoreError>;

    /// Notes how many enrolments and earned badges each badge has on the day of `now`, where that is another
    /// number than was noted last. What was noted earlier on that day is replaced.
    ///
    /// # Errors
    /// The store failed.
    fn note_counts(&self, now: Instant) -> Result<(), StoreError>;
}
