//! The worker: everything that a server does in the background, in one loop.
//!
//! Nothing else of the server runs beside its requests. What there is to do are tasks, each one step
//! after another with a rest between them: giving events their positions, making events of what
//! expires, delivering to webhooks, carrying out jobs, tidying up, writing down
//! when clients were let in, and looking at what operators watch. A task that
//! fails rests longer each time, one that panics begins anew, and none holds up another or the end of
//! the process.
//!
//! Every server of a database has a worker. What only one of them is to do at a time it does under
//! a lease ([`Leases`](accolade_application::ports::Leases)): whoever ends without a word is followed
//! by another as soon as its leases run out.
//!
//! The worker has threads of its own, and uses few [`CONNECTIONS`] to the database at once, which are
//! not those of requests.

mod changes;
mod context;
mod deliveries;
mod expiries;
mod housekeeping;
mod jobs;
mod leases;
mod metrics;
mod options;
mod sequencer;
mod stop;
mod task;
mod uses;
mod watch;
mod worker;

#[cfg(test)]
mod testing;

pub use context::CONNECTIONS;
pub use deliveries::{Deliverer, Delivering};
pub use metrics::Metrics;
pub use options::Options;
pub use stop::Stop;
pub use worker::{Threads, Worker};
