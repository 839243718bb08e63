//! The console in a browser: what people do there, with scripts on SQLite and without on PostgreSQL, and what
//! every page looks like.
//!
//! What a page contains, who gets it and what a form may say is tested in `crates/console`, in memory. Here a
//! browser decides: whether forms can be found by their labels and sent by the keyboard, where the focus is, what
//! becomes of two presses, and what axe-core finds. Pictures of every page are kept below `target/screenshots`.
#![allow(clippy::unwrap_used)]

#[macro_use]
mod desk;

mod access;
mod approvals;
mod badges;
mod catalogue;
mod customers;
mod jobs;
mod looks;
mod sign_in;
mod webhooks;
