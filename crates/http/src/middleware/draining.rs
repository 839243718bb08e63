//! Whether the server is on its way out.

use std::sync::Arc;

use tokio::sync::watch;

/// Set once, when the server is told to stop: requests that run are finished, new ones are
/// refused with 1951, and the server is not ready.
#[derive(Debug, Clone)]
pub(crate) struct Draining(Arc<watch::Sender<bool>>);

impl Default for Draining {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Draining {
    /// From now on new requests are refused, and who waits for something is answered.
    pub(crate) fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether new requests are refused.
    pub(crate) fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until they are.
    pub(crate) async fn begun(&self) {
        // It cannot fail: the sender is here.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}
