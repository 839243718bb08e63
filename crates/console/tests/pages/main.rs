//! The console, page by page, over the ports in memory.

mod access;
mod badges;
mod customers;
mod markup;
mod support;
