//! The rules of Accolade, and nothing else.
//!
//! A brand defines a [badge](badge::Badge), its modules claim it, customers are
//! [enrolled](enrolment) for it, earn it, and keep it until it expires or is
//! revoked. Every rule about that lives in this crate once. There is no I/O
//! here, no clock, no database and no web: the moment, the ids and what is
//! stored come in as arguments, decisions go out as values.
//!
//! Start with [`badge`] for what a badge is, [`enrolment`] for who may be
//! enrolled, and [`rejection`] for the one table of codes that say no.

pub mod actor;
pub mod approval;
pub mod audit;
pub mod badge;
pub mod catalogue;
pub mod customer;
pub mod customer_view;
pub mod earning;
pub mod enrolment;
pub mod event;
pub mod identifier;
pub mod ids;
pub mod instant;
pub mod job;
pub mod listing;
pub mod login;
pub mod operator;
pub mod owner;
pub mod people;
pub mod rejection;
pub mod text;
pub mod webhook;
pub mod zone;

mod numbered;

#[cfg(any(test, feature = "fixtures"))]
pub mod fixtures;
