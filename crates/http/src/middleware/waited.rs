//! How long a request waited because its caller asked it to.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;

/// The time in which nothing was done for a request but to wait for what its caller waits for. It
/// belongs to no latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waited(pub(crate) Duration);

impl Waited {
    /// Says so of what is answered.
    pub(crate) fn note(self, response: &mut HttpResponse) {
        response.extensions_mut().insert(self);
    }

    /// What was said of `response`; nothing if it did not wait.
    pub(crate) fn of(response: &ServiceResponse<BoxBody>) -> Duration {
        let noted = response.response().extensions().get::<Self>().copied();
        noted.map_or(Duration::ZERO, |Self(time)| time)
    }
}
