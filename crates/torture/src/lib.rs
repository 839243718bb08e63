//! Kills, cuts and crowds the real server at random, and proves that its promises hold.
#![allow(
    clippy::unwrap_used,
    reason = "a harness has one way to report: it fails"
)]

mod chance;
mod crash;
mod crowds;
mod figures;
mod fuzz;
mod load;
mod model;
mod stage;
mod subject;
mod unhealthy;

pub use figures::{Figures, table};
pub use fuzz::check;
pub use stage::Grounds;
pub use subject::{Scale, Subject};
