//! The use cases of Accolade, and the ports that they need.
//!
//! A use case is one file. One that writes is a [`Command`], plain data in the words of the
//! domain, which [`execute`] runs for a [`Request`]: it reads what it must from the
//! [`Ports`](ports::Ports), lets the domain decide, and hands the decision to a port. One that
//! reads is a function. The [`ports`] are
//! contracts: adapters implement them, and one suite tests every sentence.
//!
//! Nothing here knows a database, HTTP, or the time of day.

pub mod access;
pub mod answer;
pub mod approvals;
pub mod audit;
pub mod badges;
pub mod catalogue;
pub mod customers;
pub mod earning;
pub mod enrolment;
pub mod error;
pub mod events;
mod execute;
pub mod exports;
pub mod gate;
pub mod group_commit;
pub mod jobs;
pub mod operators;
pub mod people;
pub mod ports;
mod request;
mod together;
mod turns;
pub mod webhooks;

pub use execute::{Command, Executed, execute};
pub use request::Request;
pub use turns::Turns;
