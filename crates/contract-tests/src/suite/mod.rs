//! The tests: each function is one sentence of a port's contract, its name says which.

#![allow(missing_docs, reason = "the name of a test says what it shows")]

pub mod batches;
pub mod clients;
pub mod counts;
pub mod create_badge;
pub mod crossing;
pub mod definitions;
pub mod edit_badge;
pub mod edit_races;
pub mod enrol;
pub mod health;
pub mod housekeeping;
pub mod idempotency;
pub mod ledger;
pub mod list_badges;
pub mod list_names;
pub mod orgs;
pub mod overlap;
pub mod preview;
pub mod races;
pub mod random_walk;
pub mod refused;
pub mod snapshots;
pub mod tenants;
pub mod two_servers;
