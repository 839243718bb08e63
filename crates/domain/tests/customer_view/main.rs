//! Which badges a customer's list shows, in which order, on which page.
#![allow(clippy::unwrap_used)]

mod filters;
mod naive;
mod random;
mod scene;
mod sorts;
mod types;
