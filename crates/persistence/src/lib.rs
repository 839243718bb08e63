//! The Diesel adapters of the ports: PostgreSQL and SQLite.
//!
//! [`open`] gives a [`Database`], which has every port that lives in one. Neither database
//! is a fallback of the other; both pass the same contract suite.
//!
//! How it is laid out:
//!
//! - `database`, `migrations`: what others see
//! - `store`, `retry`, `fault`: connections, and the one retrying transaction
//! - `schema`, `mapping`, `answers`, `statement`: tables, rows and the domain's values
//! - `boundary`, `earns`, `carried_out`: what earning and revoking hand to statements
//! - `ledger`: the names under which requests of a batch are remembered
//! - `enrolment`: recording a batch, over the few statements that each database says its own way
//! - `shared`: the ports that Diesel says the same for both; compiled once for each
//! - `postgres`, `sqlite`: everything that differs

#![allow(
    clippy::duplicate_mod,
    reason = "the files in `shared` are compiled for both databases: Diesel's types differ, the words do not"
)]

mod answers;
mod boundary;
mod carried_out;
mod database;
mod earns;
mod enrolment;
mod fault;
mod ledger;
mod mapping;
mod migrations;
mod retry;
mod schema;
mod statement;
mod store;

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use database::{Database, DatabaseUrl, Options, Synchronous, open};
