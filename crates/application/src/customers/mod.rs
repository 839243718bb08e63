//! Customers: what they are called, and what they hold.

mod badges;
mod directory;
mod identifiers;

pub use badges::{LimitCount, ShownDetails, badges, details};
pub use directory::{PutCustomers, put};
pub use identifiers::{Resolved, resolve, resolve_each, resolve_one};
