//! The suite that every adapter of the ports must pass: each sentence of each port's
//! documentation is a test, races included, and a random walk compares the adapter
//! with the one in memory.
//!
//! An adapter gets all of it with one line, in a test whose `harness` is `false`:
//!
//! ```text
//! // crates/…/tests/contract.rs
//! fn main() {
//!     accolade_contract_tests::run([Adapter::new("mine", MyDatabase::fresh)]);
//! }
//! ```
//!
//! The tests are named `mine::port::sentence` and selected as all tests are. `PROPTEST_CASES`
//! says how many random walks there are.

#![allow(clippy::unwrap_used, reason = "a failure to prepare a test fails it")]

mod copy;
mod database;
mod earning;
mod feed;
mod fixtures;
mod held;
mod people;
mod race;
mod run;
mod suite;
mod tally;
mod walk;
mod world;

pub use accolade_application::ports::Stores;
pub use database::Database;
pub use run::{Adapter, run};
use world::World;
