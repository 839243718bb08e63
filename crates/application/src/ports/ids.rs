//! New ids, as an input.

use accolade_domain::ids::{IdBlock, ObjectId};
use uuid::Uuid;

/// Makes ids that nobody has made before, on this server or another.
pub trait IdSource: Send + Sync {
    /// `len` consecutive ids, at most [`IdBlock::MAX_LEN`]; no later call gives any of them again.
    fn block(&self, len: u32) -> IdBlock;

    /// One id.
    fn object_id(&self) -> ObjectId;

    /// A UUID, part of which is random. Best in the order of time, so that those made one after
    /// the other are neighbours in an index.
    fn uuid(&self) -> Uuid;
}
