//! The time of day, as an input.

use accolade_domain::instant::Instant;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The moment, in UTC with microseconds.
    fn now(&self) -> Instant;
}
