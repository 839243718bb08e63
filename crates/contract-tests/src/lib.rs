//! The suite that every adapter of the ports must pass: each sentence of each port's
//! documentation is a test, races included, and a random walk compares the adapter
//! with the one in memory.
//!
//! An adapter gets all of it with one line:
//!
//! ```text
//! // crates/…/tests/contract.rs
//! accolade_contract_tests::contract_tests!(MyDatabase::fresh());
//! ```
//!
//! The expression is evaluated once for each test. It gives a [`Database`] that
//! is fresh, empty, migrated, and that nobody else uses; the tests then run beside
//! each other. `PROPTEST_CASES` says how many random walks there are.

#![allow(clippy::unwrap_used, reason = "a failure to prepare a test fails it")]

mod customer_lists;
mod database;
mod earning;
mod fixtures;
mod list;
mod race;
pub mod suite;
mod tally;
mod walk;
mod world;

pub use accolade_application::ports::Stores;
pub use database::Database;
pub use world::World;
