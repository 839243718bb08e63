//! The application, in process, over the adapter in memory: what is asked and what is
//! answered, to the byte.

#![allow(clippy::unwrap_used)]

mod actors;
mod approvals;
mod audit;
mod badge_list;
mod badges;
mod catalogue;
mod claims;
mod cors;
mod customers;
mod directory;
mod documents;
mod earning;
mod edge;
mod enrolment;
mod events;
mod examples;
mod exports;
mod gate;
mod idempotency;
mod identifiers;
mod imports;
mod jobs;
mod operations;
mod pages;
mod people;
mod rates;
mod requests;
mod revoking;
mod serving;
mod support;
mod updates;
mod webhooks;
mod windows;
