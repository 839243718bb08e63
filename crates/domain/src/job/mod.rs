//! Jobs: a file of rows, each carried out as if it had been a request of its own.

mod file;

pub use file::{JobFormat, JobOperation, RowStatus};
