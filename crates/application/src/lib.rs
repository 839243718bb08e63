//! The use cases of Accolade, and the ports that they need.
//!
//! A use case is one function in one file: it takes the [`Ports`](ports::Ports),
//! who calls, and a command in the words of the domain; reads what it must, lets the
//! domain decide, and hands the decision to a port. The [`ports`] are
//! contracts: adapters implement them, and one suite tests every sentence.
//!
//! Nothing here knows a database, HTTP, or the time of day.

pub mod access;
pub mod answer;
pub mod badges;
pub mod catalogue;
pub mod customers;
pub mod earning;
pub mod enrolment;
pub mod error;
mod group;
pub mod idempotency;
pub mod ports;
mod request_id;
