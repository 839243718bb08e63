//! Customers: how requests name them, and the badges that they are shown.

pub mod badges;
pub mod details;
pub mod lookup;
pub mod named;
pub mod query;

mod limit;
