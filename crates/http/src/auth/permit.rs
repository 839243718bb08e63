//! That a client may do what it asks for, and whether it still may when its turn has come.

use std::sync::Arc;
use std::time::{Duration, Instant};

use accolade_application::access::ClientKey;
use accolade_application::error::UseCaseError;
use accolade_application::ports::Ports;
use accolade_domain::rejection::{Code, Rejection};

use super::rates::ClientRate;

/// After how long it is asked again whether a client may still do what it was permitted to do.
pub(super) const PERMIT_AGAIN: Duration = Duration::from_secs(1);

/// That a client may do what it asks for, as it was a moment ago. A body may come slowly, and a turn
/// late: who has been revoked meanwhile is to be refused all the same.
#[derive(Debug, Clone)]
pub(crate) struct Permit {
    pub(super) key: ClientKey,
    pub(super) given_at: Instant,
    pub(super) rate: Option<Arc<ClientRate>>,
}

impl Permit {
    /// One for the client with this key, given now.
    #[cfg(test)]
    pub(crate) fn fresh(key: ClientKey) -> Self {
        Self {
            key,
            given_at: Instant::now(),
            rate: None,
        }
    }

    /// How much the client may ask for a minute, if that is bounded.
    pub(crate) fn rate(&self) -> Option<&Arc<ClientRate>> {
        self.rate.as_ref()
    }

    /// Whether it was given so long ago that it has to be asked for again.
    pub(crate) fn is_old(&self) -> bool {
        self.given_at.elapsed() >= PERMIT_AGAIN
    }

    /// The same, as it is now, if it is old.
    ///
    /// # Errors
    /// 1930 if the client was revoked since; the store failed.
    pub(crate) fn renewed(&self, ports: &Ports) -> Result<Self, UseCaseError> {
        if !self.is_old() {
            return Ok(self.clone());
        }
        let given_at = Instant::now();
        self.check_again(ports)?;
        Ok(Self {
            given_at,
            ..self.clone()
        })
    }

    /// Asks the store whether the client was revoked or has ended since, if it is old.
    ///
    /// # Errors
    /// 1930 if it was; the store failed.
    pub(crate) fn check_again(&self, ports: &Ports) -> Result<(), UseCaseError> {
        if !self.is_old() {
            return Ok(());
        }
        let client = ports.stores.access.client(&self.key)?;
        match client.filter(|client| !client.is_over(ports.clock.now())) {
            Some(_) => Ok(()),
            None => Err(Rejection::new(Code::Unauthenticated).into()),
        }
    }
}
