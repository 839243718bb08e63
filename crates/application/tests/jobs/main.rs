//! Jobs on the ports in memory: what callers do with them, and how their rows are carried out,
//! whoever ends in the middle and whoever carries out the same rows at the same moment.

#![allow(clippy::unwrap_used)]

mod disturbed;
mod life;
mod rows;
mod trial;
mod world;
