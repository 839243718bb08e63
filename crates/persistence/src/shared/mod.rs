//! What Diesel's query builder says once for both databases. This module is compiled for each of
//! them, with the `Connection` and the `DB` of the module above it: Diesel's types differ, the words
//! do not.

pub(super) mod access;
mod actors;
mod audit;
mod badge_columns;
mod badge_events;
mod badges;
mod catalogue;
pub(super) mod changes;
mod comparable;
mod customer_badges;
pub(super) mod earn_rows;
mod expiry_rows;
mod exports;
mod feed_rows;
pub(super) mod health;
mod history;
pub(super) mod idempotency;
mod jobs;
mod operators;
pub(super) mod people_rows;
pub(super) mod requests;
mod stored_texts;
mod unit_of_work;
mod webhooks;

use super::{
    CLAIMS, Connection, DB, HAS_MIGRATIONS, HAS_TRANSFER, MIGRATIONS, MIGRATIONS_AT_ONCE,
    TRY_TO_WRITE, check_writable, directory_sql, job_sql, locked, position, text_sql, webhook_sql,
};
