//! The console, page by page, over the ports in memory.

#![allow(clippy::unwrap_used)]

mod access;
mod approvals;
mod badges;
mod clients;
mod customers;
mod jobs;
mod markup;
mod provider;
mod support;
