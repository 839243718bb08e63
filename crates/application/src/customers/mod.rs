//! Customers: what they are called, and what they hold.

mod badges;
mod directory;
mod named;

pub use badges::{LimitCount, ShownDetails, badges, details};
pub use directory::{PutCustomers, named_twice};
pub use named::{NamedCustomer, NamedCustomers, Resolved, repeats, resolve_one};
pub(crate) use named::{resolve, resolve_each};
