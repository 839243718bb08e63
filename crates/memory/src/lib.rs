//! The ports in memory: what application tests run on, and the model that the
//! databases are checked against.
//!
//! It is written to be read, not to be fast: one lock around everything, plain maps, and
//! each port a file that says what the port's contract says, in the same order.
//! Beside the [`MemoryStore`] stand inputs that tests control: [`FixedClock`],
//! [`SequentialIds`], [`FixedSecrets`], [`FixedReceivers`] and [`PlainFiles`].

mod access;
mod actors;
mod audit;
mod badges;
mod catalogue;
mod changes;
mod clock;
mod customer_badges;
mod directory;
mod earning;
mod enrolments;
mod events;
mod expiries;
mod exports;
mod files;
mod filter;
mod health;
mod housekeeping;
mod idempotency;
mod ids;
mod jobs;
mod leases;
mod operators;
mod people;
mod places;
mod ports;
mod receivers;
mod requests;
mod secrets;
mod store;
mod told;
mod unit_of_work;
mod webhooks;

pub use clock::FixedClock;
pub use files::PlainFiles;
pub use ids::SequentialIds;
pub use ports::memory_ports;
pub use receivers::FixedReceivers;
pub use secrets::FixedSecrets;
pub use store::MemoryStore;
