//! Customers: what they are called, and what they hold.

mod badges;
mod catalogues;
mod directory;
mod named;

pub use badges::{LimitCount, ShownDetails, badges, details};
pub use catalogues::KnownCatalogues;
pub(crate) use directory::echo;
pub use directory::{PutCustomers, named_twice};
pub use named::{NamedCustomer, NamedCustomers, Resolved, current_one, repeats, resolve_one};
pub(crate) use named::{current, current_each, no_number, resolve, resolve_each};
