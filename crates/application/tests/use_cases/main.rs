//! The use cases, on the ports in memory.
#![allow(clippy::unwrap_used)]

mod access;
mod approvals;
mod approvals_held;
mod claim;
mod create;
mod enrol;
mod events;
mod group;
mod idempotency;
mod idempotency_races;
mod meddling;
mod order_of_checks;
mod retry;
mod sign_in;
mod world;
