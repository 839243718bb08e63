//! Customers: what they are called, and what they hold.

mod badges;
mod catalogues;
mod directory;
mod identifiers;

pub use badges::{LimitCount, ShownDetails, badges, details};
pub use catalogues::KnownCatalogues;
pub use directory::{PutCustomers, put};
pub use identifiers::{Resolved, resolve, resolve_each, resolve_one};
