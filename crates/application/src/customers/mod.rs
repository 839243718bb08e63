//! Customers: what they are called, and what they hold.

mod badges;
mod catalogues;
mod directory;
mod named;
mod room;
mod search;
mod timeline;

pub use badges::{LimitCount, ShownDetails, badges, details};
pub use catalogues::KnownCatalogues;
pub(crate) use directory::echo;
pub use directory::{PutCustomers, named_twice};
pub use named::{NamedCustomer, NamedCustomers, Resolved, current_one, repeats, resolve_one};
pub(crate) use named::{current, current_each, no_number, resolve, resolve_each};
pub use room::{LimitRoom, room};
pub use search::{MOST_MATCHES, Match, MatchKind, identifiers, search};
pub use timeline::{Timeline, TimelineEntry, timeline};
