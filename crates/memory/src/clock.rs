//! A clock that stands still until it is set.

use std::sync::{Mutex, PoisonError};

use accolade_application::ports::Clock;
use accolade_domain::instant::Instant;
use time::Duration;

/// Tells the time that it was set to.
#[derive(Debug)]
pub struct FixedClock(Mutex<Instant>);

impl FixedClock {
    /// A clock that shows `now`.
    pub const fn at(now: Instant) -> Self {
        Self(Mutex::new(now))
    }

    /// Shows `now` from now on.
    pub fn set(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Shows a time that is later by `duration`.
    pub fn advance(&self, duration: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = *now + duration;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
