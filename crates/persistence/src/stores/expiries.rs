//! What expires, as events.

use accolade_application::ports::{Expired, StoreError};
use accolade_domain::instant::Instant;

use crate::feed::sql::FeedConnection;
use crate::store::Store;

impl<C: FeedConnection> Store<C> {
    /// Records as events what has expired at `until`, at most about `most`.
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "nothing is due yet"
    )]
    pub(super) fn expire_due(
        &self,
        _until: Instant,
        _now: Instant,
        _most: u64,
    ) -> Result<Expired, StoreError> {
        Ok(Expired::default())
    }
}
