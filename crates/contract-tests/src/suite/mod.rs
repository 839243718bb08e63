//! The tests: each function is one sentence of a port's contract, its name says which.

#![allow(missing_docs, reason = "the name of a test says what it shows")]

pub mod batches;
pub mod catalogue_versions;
pub mod clients;
pub mod counts;
pub mod create_badge;
pub mod crossing;
pub mod custom_fields;
pub mod definitions;
pub mod directory;
pub mod earn;
pub mod earn_batches;
pub mod earn_preview;
pub mod earn_races;
pub mod earn_refused;
pub mod edit_badge;
pub mod edit_races;
pub mod enrol;
pub mod groups;
pub mod health;
pub mod held;
pub mod housekeeping;
pub mod idempotency;
pub mod imports;
pub mod ledger;
pub mod limit_races;
pub mod limits;
pub mod list_badges;
pub mod list_names;
pub mod orgs;
pub mod overlap;
pub mod preview;
pub mod races;
pub mod random_walk;
pub mod refusals;
pub mod refused;
pub mod revise_badge;
pub mod revoke_earn;
pub mod revoke_enrolments;
pub mod rolling;
pub mod snapshots;
pub mod tenants;
pub mod two_servers;
