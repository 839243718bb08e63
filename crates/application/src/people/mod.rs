//! People: customers who turn out to be one, and customers who are to be forgotten.

mod erase;
mod merge;

pub use erase::EraseCustomer;
pub use merge::{MergeCustomers, one_person};
