//! The tests: each function is one sentence of a port's contract, its name says which.

#![allow(missing_docs, reason = "the name of a test says what it shows")]

pub mod orgs;
