//! The console, page by page, over the ports in memory.

#![allow(clippy::unwrap_used)]

mod access;
mod badges;
mod customers;
mod markup;
mod support;
