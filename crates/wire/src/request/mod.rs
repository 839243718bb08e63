//! What requests for many customers have in common, and what became of earlier ones.

pub mod recorded;

pub(crate) mod element;
