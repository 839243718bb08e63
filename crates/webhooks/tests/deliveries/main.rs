//! Deliveries to receivers on this machine: what they get, and what becomes of it however they
//! answer.

#![allow(clippy::unwrap_used)]

mod answers;
mod feed;
mod libraries;
mod network;
mod order;
mod reading;
mod receiver;
mod tls;
mod world;
