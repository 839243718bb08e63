//! What is SQL's alone, on both databases. One binary: it links once.

#![allow(clippy::unwrap_used)]

mod copying;
mod earning_statements;
mod feed;
mod files;
mod first_release;
mod forgotten;
mod leases;
mod lost_connections;
mod migrations;
mod plans;
mod pooler;
mod readiness;
mod restoring;
mod sold_out;
mod statements;
mod support;
mod transfers;
mod verifying;
mod waiting;
