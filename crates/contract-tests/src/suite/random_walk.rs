//! The whole store against the one in memory.

use crate::{World, walk};

fn random_steps_are_answered_as_in_memory(world: &World) {
    walk::compare(world);
}

fn what_a_customer_holds_is_what_the_details_of_all_badges_say(world: &World) {
    walk::compare_holdings(world);
}

sentences! {
    random_steps_are_answered_as_in_memory
    what_a_customer_holds_is_what_the_details_of_all_badges_say
}
