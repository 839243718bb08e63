//! What expires, as events.

use accolade_application::ports::Expired;
use accolade_domain::instant::Instant;

use crate::store::State;

impl State {
    /// Records as events what has expired at `until`, at most about `most`.
    #[expect(clippy::unused_self, reason = "nothing is due yet")]
    pub(crate) fn expire(&mut self, _until: Instant, _now: Instant, _most: u64) -> Expired {
        Expired::default()
    }
}
