//! Word that it is time to stop.

use tokio::sync::watch;

/// Hears when something is to stop. Clones hear the same.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// Says that something is to stop, at the latest when it goes.
#[derive(Debug)]
pub(crate) struct Stopper(watch::Sender<bool>);

impl Stop {
    /// Whether it is to stop.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until it is to stop.
    pub async fn asked(&mut self) {
        // An error means that nobody is left who could say it.
        let _ = self.0.wait_for(|stops| *stops).await;
    }
}

impl Stopper {
    /// One that has not said it yet, and who hears it.
    pub(crate) fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Says it.
    pub(crate) fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was said.
    pub(crate) fn has_stopped(&self) -> bool {
        *self.0.borrow()
    }
}
