//! The Diesel adapters of the ports: PostgreSQL and SQLite.
//!
//! [`open`] gives a [`Database`], which has every port that lives in one. Neither database
//! is a fallback of the other; both pass the same contract suite.
//!
//! How it is laid out:
//!
//! - `database`, `migrations`, `closing`, `facts`: what others see
//! - `private`: files that their owner alone reads
//! - `store`, `pool`, `opened_file`, `retry`, `query_failure`, `connection_failure`: connections, and
//!   the one retrying transaction
//! - `waiting`: for what another process has
//! - `metrics`: what operators can watch of all that
//! - `schema`, `mapping`, `answers`, `audit`, `statement`, `boundary`: tables, rows and the domain's values
//! - `sealing`, `webhook_rows`: secrets as they are stored, and webhooks
//! - `job_rows`: jobs, their files and what became of their rows
//! - `recording`: what enrolling, earning, revoking and importing have in common, over what each
//!   database says its own way
//! - `people`: customers who become one, and customers who are forgotten
//! - `feed`: what the feed of events stores, and how rows of it become events
//! - `stores`: ports over that, once for both databases
//! - `shared`: the ports that Diesel's query builder says the same for both; compiled once for each
//! - `direct`, `transfer`, `verify`, `progress`: what goes through all rows of a database
//! - `postgres`, `sqlite`: everything that differs

mod answers;
mod audit;
mod boundary;
mod change_rows;
mod closing;
mod connection_failure;
mod counted_sql;
mod database;
mod direct;
mod facts;
mod feed;
mod job_rows;
mod mapping;
mod metrics;
mod migrations;
mod opened_file;
mod people;
mod pool;
mod private;
mod progress;
mod query_failure;
mod recording;
mod retry;
mod schema;
mod sealing;
mod statement;
mod store;
mod stores;
mod transfer;
mod verify;
mod waiting;
mod webhook_rows;

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use closing::Closing;
pub use database::{
    Backup, Database, DatabaseUrl, Options, Restored, Synchronous, backup, check, open, restore,
};
pub use facts::{Facts, ServerFacts, facts};
pub use migrations::Migrated;
pub use private::{make_directory_of, open_for_owner};
pub use progress::{Progress, Unwatched};
pub use sealing::SealingKey;
pub use transfer::{Compared, Side, UNFINISHED, transfer};
pub use verify::{Checked, Disagreement, Verification, verify};
