//! The application, in process, over the adapter in memory: what is asked and what is
//! answered, to the byte.

#![allow(clippy::unwrap_used)]

mod badge_list;
mod badges;
mod claims;
mod documents;
mod edge;
mod enrolment;
mod gate;
mod idempotency;
mod operations;
mod requests;
mod serving;
mod support;
