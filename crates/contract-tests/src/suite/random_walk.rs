//! The whole store against the one in memory.

use crate::{World, walk};

fn random_steps_are_answered_as_in_memory(world: &World) {
    walk::compare(world);
}

fn lists_of_a_customers_badges_are_what_the_details_of_all_badges_say(world: &World) {
    walk::compare_lists(world);
}

sentences! {
    random_steps_are_answered_as_in_memory
    lists_of_a_customers_badges_are_what_the_details_of_all_badges_say
}
