//! Customers: what they are called, and what they hold.

mod badges;
mod catalogues;
mod directory;
mod named;

pub use badges::{LimitCount, ShownDetails, badges, details};
pub use catalogues::KnownCatalogues;
pub(crate) use directory::echo;
pub use directory::{PutCustomers, named_twice};
pub use named::{NamedCustomer, NamedCustomers, Resolved, repeats, resolve_one};
pub(crate) use named::{no_number, resolve, resolve_each};
