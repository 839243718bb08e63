//! The routes: what can be asked, and the way of each question.

pub(crate) mod idempotency;
pub(crate) mod query;
