//! The whole store against the one in memory.

use crate::{World, walk};

pub fn random_steps_are_answered_as_in_memory(world: &World) {
    walk::compare(world);
}
