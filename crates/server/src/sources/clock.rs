//! The machine's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use accolade_application::ports::Clock;
use accolade_domain::instant::Instant;

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the clock that all others ask"
        )]
        let now = SystemTime::now();
        // A clock set before 1970 is read as 1970, one set after the year 9999 as its end.
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_micros())
            .ok()
            .and_then(|micros| Instant::from_unix_micros(micros).ok())
            .unwrap_or(Instant::MAX)
    }
}
