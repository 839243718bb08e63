//! Until when a request is to be answered.

use std::time::Duration;

use actix_web::{HttpMessage as _, HttpRequest};
use tokio::time::Instant;

/// The moment at which waiting for a request ends: for its body, and for its turn.
/// Work on the database that has begun is not cut off by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    pub(crate) fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// The one that the [edge](crate::middleware::edge) gave to `request`; now, if it did not pass there.
    pub(crate) fn from_request(request: &HttpRequest) -> Self {
        let given = request.extensions().get::<Self>().copied();
        given.unwrap_or_else(|| Self::after(Duration::ZERO))
    }

    /// The same so much later, for a request that asks to wait for something.
    pub(crate) fn later_by(self, time: Duration) -> Self {
        Self(self.0 + time)
    }

    /// The moment, for tokio's timers.
    pub(crate) const fn instant(self) -> Instant {
        self.0
    }
}
