//! The wire: what requests and answers look like, and which words of the domain they stand for.
//!
//! Whoever speaks JSON with the world outside reads and writes it here; which web framework
//! carries the bytes, this crate does not know. A body is read with [`json`] and a query string
//! with [`query`], both telling every problem at once; [`render`] writes answers into an
//! [`envelope`]. What bodies and answers look like stands by subject: [`actor`], [`audit`],
//! [`badge`], [`catalogue`], [`change`], [`customer`], [`directory`], [`earning`], [`enrolment`], [`event`],
//! [`export`], [`job`], [`people`], [`webhook`].

pub mod actor;
pub mod audit;
pub mod badge;
pub mod catalogue;
pub mod change;
pub mod customer;
pub mod directory;
pub mod earning;
pub mod enrolment;
pub mod envelope;
pub mod event;
pub mod export;
pub mod job;
pub mod json;
pub mod people;
pub mod query;
pub mod recorded;
pub mod render;
pub mod webhook;

mod answer;
mod instant;
mod page;
mod shapes;
mod words;
