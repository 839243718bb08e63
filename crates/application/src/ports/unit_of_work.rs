//! Several calls of ports that are one transaction.

use std::sync::Arc;

use crate::ports::{StoreError, Stores};

/// What is to become of what was done together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Together {
    /// All of it stays.
    Kept,
    /// All of it is undone: it was only tried, or has failed as a whole.
    Undone,
}

/// What is done together, with the stores that it is done by. It may be called again, after all that it
/// did was undone because others stood in the way.
pub type Work<'w> = dyn FnMut(&Arc<Stores>) -> Result<Together, StoreError> + 'w;

/// Whether what was done together is there, if the connection broke inside COMMIT. It first waits for the
/// lost transaction to end, by asking for what that has locked.
pub type WasDone<'w> = dyn FnMut(&Stores) -> Result<bool, StoreError> + 'w;

/// Several calls of ports that are one transaction.
///
/// A port's call is a transaction by itself. Where a decision and what follows from it are calls of
/// several ports, they are one here: what a vote says, and what is carried out by it.
pub trait UnitOfWork: Send + Sync {
    /// Does `work`, whose calls of the ports it is given are one transaction: kept together, or undone
    /// together. Nobody else sees anything of it before. A call that refuses undoes what it did itself, and
    /// nothing else. If `work` or one of its calls fails, everything is undone, whatever `work` makes of it.
    ///
    /// Done together inside of what is done together, it is a part of that, and can be undone by itself.
    /// The stores are of no use once this has returned.
    ///
    /// # Errors
    /// That of `work`; the store failed.
    fn together(&self, work: &mut Work<'_>, was_done: &mut WasDone<'_>) -> Result<(), StoreError>;
}
