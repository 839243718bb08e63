//! New ids, as an input.

use accolade_domain::ids::{IdBlock, ObjectId};
use uuid::Uuid;

/// Makes ids that nobody has made before, on this server or another.
pub trait IdSource: Send + Sync {
    /// `len` consecutive ids, at most [`IdBlock::MAX_LEN`]; never one of them again.
    fn block(&self, len: u32) -> IdBlock;

    /// One id.
    fn object_id(&self) -> ObjectId;

    /// A random UUID.
    fn uuid(&self) -> Uuid;
}
