//! The audit trail: which entries are asked for, and how they look in an answer.

pub mod answer;
pub mod query;

mod difference;
mod job_state;
pub(crate) mod state;
pub(crate) mod webhook_state;
