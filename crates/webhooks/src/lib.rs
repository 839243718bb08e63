//! Webhooks: pushes the feed of events to its receivers.
//!
//! A [`Plan`](plan::Plan) says what is sent when, without clock and network; [`Deliveries`] does it for
//! one webhook after the other; a [`Sender`] carries single requests, signed, to addresses that are
//! allowed, in bounded time.

mod body;
mod deliveries;
mod feed;
pub mod plan;
mod recent;
mod sender;
mod signature;
mod test_event;
mod waiting;

pub use deliveries::{Deliveries, Options, Unwatched, Watch};
pub use sender::{Lookup, PATIENCE, Resolve, Sender, Sent, SystemResolver, system_roots};
pub use waiting::WaitingSender;
