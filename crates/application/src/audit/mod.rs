//! Who changed what.

mod list;

pub use list::{AuditList, TracedEntry, trail};
