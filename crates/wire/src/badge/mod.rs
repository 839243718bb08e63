//! Badges: their definitions as they are sent and as they are shown, lists of them, and claims.

pub mod answer;
pub mod claim;
pub mod list;
pub mod query;
pub mod request;

pub(crate) mod constraint;
pub(crate) mod expiry;
