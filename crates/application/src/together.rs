//! Several steps of a use case that are one transaction.

use std::sync::Arc;

use anyhow::anyhow;

use crate::approvals::KnownRules;
use crate::error::UseCaseError;
use crate::ports::{Ports, StoreError, Stores, Together};
use crate::turns::Turns;

/// Does `work`, whose calls of the ports that it is given are one transaction; what it gives stays if
/// `is_kept` says so, and is undone else, as it is if it is refused. `was_done` is asked if the connection
/// broke inside COMMIT. It may be called several times.
///
/// Nobody waits for a turn in there, who would have others wait for the transaction meanwhile: the store
/// refuses who was overtaken.
///
/// # Errors
/// Those of `work`; the store failed.
pub(crate) fn together<T>(
    ports: &Ports,
    mut work: impl FnMut(&Ports) -> Result<T, UseCaseError>,
    is_kept: impl Fn(&T) -> bool,
    mut was_done: impl FnMut(&Stores) -> Result<bool, StoreError>,
) -> Result<T, UseCaseError> {
    let mut result = None;
    let mut doing = |stores: &Arc<Stores>| {
        let within = Ports {
            stores: Arc::clone(stores),
            turns: Turns::default(),
            // What is read in there may be undone.
            rules: KnownRules::default(),
            ..ports.clone()
        };
        match work(&within) {
            Ok(value) => {
                let together = if is_kept(&value) {
                    Together::Kept
                } else {
                    Together::Undone
                };
                result = Some(Ok(value));
                Ok(together)
            }
            Err(UseCaseError::Store(error)) => Err(error),
            Err(refusal) => {
                result = Some(Err(refusal));
                Ok(Together::Undone)
            }
        }
    };
    ports.stores.unit.together(&mut doing, &mut was_done)?;
    let missing = || {
        Err(UseCaseError::unexpected(anyhow!(
            "nothing was done together"
        )))
    };
    result.unwrap_or_else(missing)
}
