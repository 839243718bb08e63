//! Updating badges, earning, revoking, importing, and what stands around them, on the ports
//! in memory: which check comes first, what is answered, and what is written.

#![allow(clippy::unwrap_used)]

mod catalogue;
mod customer_lists;
mod days;
mod earn_group;
mod earning;
mod etag;
mod identifiers;
mod imports;
#[path = "../use_cases/meddling.rs"]
mod meddling;
mod order_of_checks;
mod search;
mod update;
mod windows;
mod world;
