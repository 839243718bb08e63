//! Approvals: the rules of an org, what waits by them, and the request workflow that existing clients know.

pub mod answer;
pub mod client;
pub mod query;
pub mod request;
pub mod rules;
pub mod workflow;

mod body;
mod command;
mod effect;

pub use command::command;
